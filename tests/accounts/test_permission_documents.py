"""What a key may do, as Harbor's API writes it: read, refused with a sentence, and written again."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access.allowances import Allowance, Place, merged
from access.robots import IN_PROJECT, IN_SYSTEM
from access.table import P, Role
from accounts.keys.permission_documents import parsed, written
from core.errors import InvalidInput, ProjectUnknown
from projects.models import Project
from projects.services.projects import delete_project
from tests.keys import PULL, PUSH, everywhere, in_project, in_system
from tests.people import SYSTEM, make_member, make_project, make_user, principal

pytestmark = pytest.mark.django_db
ACCESS = [{"resource": "repository", "action": "pull", "effect": "allow"}]


@pytest.fixture
def project() -> Project:
    return make_project()


def document(namespace: Any = "*", **other: Any) -> dict[str, Any]:
    return {"kind": "project", "namespace": namespace, "access": copy.deepcopy(ACCESS)} | other


def test_harbor_s_shape_is_read_and_written_alike(project: Project):
    documents = [
        document(project.name),
        document("*", repositories=["team/**", "web"]),
        {
            "kind": "system",
            "namespace": "/",
            "access": [{"resource": "user", "action": "list", "effect": "allow"}],
        },
    ]
    found = parsed(SYSTEM, documents)
    assert found == (
        in_project(project, PULL),
        Allowance(Place.ALL_PROJECTS, PULL, None, in_project(project, PULL, "team/**").repositories),
        Allowance(Place.ALL_PROJECTS, PULL, None, in_project(project, PULL, "web").repositories),
        in_system(frozenset({P.USER_LIST})),
    )
    assert written(found) == documents


def test_the_same_place_twice_is_both_together(project: Project):
    push = document(project.name, access=[{"resource": "repository", "action": "push", "effect": "allow"}])
    assert parsed(SYSTEM, [document(project.name), push, document(project.name)]) == (
        in_project(project, PUSH),
    )


def test_of_a_deleted_project_nothing_is_written(project: Project):
    delete_project(SYSTEM, project)
    assert written((in_project(project, PULL), everywhere(PULL))) == [document("*")]


def test_a_hidden_project_is_unknown_as_one_that_is_not_there(project: Project):
    member = principal(make_member(project, Role.GUEST))
    assert parsed(member, [document(project.name)])
    outsider = principal(make_user())
    refused = []
    for name in (project.name, "no-such-project"):
        with pytest.raises(ProjectUnknown) as unknown:
            parsed(outsider, [document(name)])
        refused.append(unknown.value.message.replace(name, "NAME"))
    assert refused[0] == refused[1]


NONSENSE: list[Any] = [
    None,
    {},
    "text",
    [],
    [None],
    ["text"],
    [{}],
    [document(kind="global")],
    [document(kind=["project"])],
    [document(kind="system")],
    [document(namespace=None)],
    [document(namespace=["*"])],
    [document("Not A Name")],
    [document("a\0b")],
    [document(access=None)],
    [document(access=[])],
    [document(access=[None])],
    [document(access=[{"resource": "repository"}])],
    [document(access=[{"resource": "repository", "action": "fly"}])],
    [document(access=[{"resource": "*", "action": "*"}])],
    [document(access=[{"resource": "repository:pull", "action": ""}])],
    [document(access=[{"resource": "repository", "action": "pull", "effect": "deny"}])],
    [document(access=[{"resource": ["repository"], "action": {}}])],
    [document(access=ACCESS * 201)],
    [document(repositories="team/**")],
    [document(repositories={"team": 1})],
    [document(repositories=[1])],
    [document(repositories=["{a"])],
    [document(repositories=[f"a{n}" for n in range(65)])],
    [document(repositories=["a" * 200 + str(n) for n in range(20)])],
    [document(kind="system", namespace="/", repositories=["a"])],
    [document()] * 1001,
]


@pytest.mark.parametrize("given_", NONSENSE, ids=range(len(NONSENSE)))
def test_what_makes_no_sense_is_refused_with_a_sentence(given_: Any):
    with pytest.raises(InvalidInput) as refused:
        parsed(SYSTEM, given_)
    assert len(refused.value.message) > 20


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["project", "/", "*", "kind"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "namespace", "access", "resource", "action", "repositories"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_=JSON)
def test_no_json_is_more_than_refused(given_: object):
    try:
        parsed(SYSTEM, given_)
    except (InvalidInput, ProjectUnknown):
        return


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_written_is_read_as_it_was(project: Project, data: st.DataObject):
    held = st.frozensets(st.sampled_from(sorted(IN_PROJECT)), min_size=1)
    globs = st.sampled_from([(), ("team/**",), ("web",)])
    one = st.one_of(
        st.builds(lambda each, glob: in_project(project, each, *glob), held, globs),
        st.builds(everywhere, held),
        st.builds(in_system, st.frozensets(st.sampled_from(sorted(IN_SYSTEM)), min_size=1)),
    )
    allowances = merged(data.draw(st.lists(one, min_size=1, max_size=5)))
    assert set(parsed(SYSTEM, written(allowances))) == set(allowances)
