"""Why a robot, or somebody with a token, may do something or may not; and which robots may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from access.explanation import Explanation, needed
from access.holders import holders
from access.steps import StepKind
from access.table import P, Role
from accounts.models import AccessToken, Robot, User
from core.errors import Denied, ProjectUnknown
from projects import explanations
from projects.models import Project
from projects.queries import ref
from tests import keys
from tests.keys import PULL, PUSH, everywhere, in_project, in_system
from tests.people import SYSTEM, make_member, make_project, make_user, principal

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


def why(
    who: keys.Key | User,
    project: Project,
    wanted: str = "push",
    path: str = "",
    token: keys.Key | None = None,
) -> Explanation:
    subject = who if isinstance(who, User) else Robot.objects.get(pk=who.principal.id)
    key = AccessToken.objects.get(pk=token.principal.key_id) if token else None
    repository = f"{project.name}/{path}" if path else ""
    return explanations.explain(SYSTEM, subject, needed(wanted), project, repository=repository, key=key)


def deciding(found: Explanation) -> tuple[bool, StepKind, str]:
    (step,) = [step for step in found.steps if step.decides]
    return found.allowed, step.kind, step.text


def test_each_thing_a_robot_was_given_is_a_line(project: Project):
    other = make_project()
    given = (in_project(other, PUSH), everywhere(PULL), in_project(project, PUSH, "team/**"))
    found = why(keys.robot(*given), project, path="team/web")
    assert [(step.kind.value, step.text, step.allows, step.decides) for step in found.steps] == [
        ("account", "the robot is active", None, False),
        ("public", "the project is private", False, False),
        ("key", "the robot was given other things in all projects", False, False),
        ("key", "the robot was given repository:push in the project on 'team/**'", True, True),
    ]
    beyond = deciding(why(keys.robot(*given), project, path="web"))
    assert beyond[:2] == (False, StepKind.NOTHING)
    assert "a robot may do what it was given and nothing else" in beyond[2]
    nothing = why(keys.robot(in_system(frozenset({P.USER_LIST}))), project)
    assert "the robot was given nothing in the project" in [step.text for step in nothing.steps]


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"disabled": True}, "the robot is disabled"),
        ({"expires_at": Now() - timedelta(1)}, "the robot has expired"),
        ({"ancestors": [2**40]}, "a robot it was made by is disabled, expired or gone"),
    ],
)
def test_a_robot_that_may_not_be_used_is_told_so_first(project: Project, facts: dict[str, Any], text: str):
    robot = keys.robot(in_project(project, PUSH), **facts)
    assert deciding(why(robot, project)) == (False, StepKind.ACCOUNT, text)
    assert not holders(needed("push"), ref(project)).robots


def test_where_the_key_is_for_less_the_key_decides(project: Project):
    user = make_member(project, Role.MAINTAINER)
    token = keys.personal(user, in_project(project, PULL), in_project(project, PUSH, "team/**"))
    assert deciding(why(user, project, path="team/web", token=token)) == (
        True,
        StepKind.ROLE,
        "maintainer of the project",
    )
    found = why(user, project, path="web", token=token)
    allowed, kind, text = deciding(found)
    assert (allowed, kind) == (False, StepKind.KEY)
    assert text == "the key is not for it: repository:push is held without the key alone"
    assert "the key was given repository:push in the project on 'team/**'" in [
        each.text for each in found.steps
    ]
    outsider = make_user()
    token = keys.personal(outsider, in_project(project, PUSH))
    assert deciding(why(outsider, project, token=token))[:2] == (False, StepKind.NOTHING)
    AccessToken.objects.update(expires_at=Now() - timedelta(1))
    assert deciding(why(outsider, project, token=token))[2].endswith("its key is gone or has expired")


def test_who_may_names_robots_and_where(project: Project):
    whole = keys.robot(in_project(project, PUSH), project=project)
    part = keys.robot(in_project(project, PUSH, "team/**"), in_project(project, PUSH, "web"))
    all_ = keys.robot(everywhere(PUSH))
    child = keys.robot(everywhere(PUSH), ancestors=[part.principal.id])
    for beyond in (keys.robot(everywhere(PULL)), keys.robot(in_project(make_project(), PUSH))):
        assert beyond.principal.id
    found = {each.name: each for each in holders(needed("push"), ref(project)).robots}
    rows = {key: Robot.objects.get(pk=key.principal.id).name for key in (whole, part, all_, child)}
    assert {name: each.repositories for name, each in found.items()} == {
        rows[whole]: (),
        rows[part]: ("team/**", "web"),
        rows[all_]: (),
        rows[child]: ("team/**", "web"),
    }
    assert (found[rows[whole]].project, found[rows[all_]].project) == (project.name, "")


def test_who_asks_about_a_robot_may_read_what_was_done_there(project: Project):
    robot = Robot.objects.get(pk=keys.robot(everywhere(PULL)).principal.id)
    admin = principal(make_member(project, Role.PROJECT_ADMIN))
    assert explanations.explain(admin, robot, needed("pull"), project).allowed
    with pytest.raises(Denied):
        explanations.explain(principal(make_member(project, Role.MAINTAINER)), robot, needed("pull"), project)
    with pytest.raises(ProjectUnknown):
        explanations.explain(principal(make_user()), robot, needed("pull"), project)
