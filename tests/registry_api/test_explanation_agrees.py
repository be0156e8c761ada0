"""access.explain says what `require` decides, what the token service grants, and what /v2 and REST then do.

Worlds are random: roles, groups, flags, visibility, disabled accounts, deleted projects. Everything is asked of the real
callable over HTTP; a wrong word of an explanation would be a wrong answer to somebody who must decide about rights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest_django.plugin import DjangoDbBlocker

from access.check import registry_actions, require
from access.explanation import Explanation, Question, explain, needed
from access.models import Member
from access.principal import Principal
from access.steps import StepKind
from access.table import REGISTRY_ACTIONS, P, Role
from accounts import registry_tokens
from accounts.gate import limiter
from accounts.gate.counting import Counts
from accounts.models import Group, GroupMember, User
from core.errors import Denied, ProjectUnknown
from jobs.models import Run
from projects import registry_access
from projects.models import Project
from projects.queries import ref
from tests import people
from tests.groups import give, make_directory_group, make_group
from tests.registry_api import documents
from tests.registry_api.client import MANIFEST, PASSWORD, Client, Registry, World, basic
from tests.registry_api.replay import Replaying
from tests.registry_api.rest import api
from tests.registry_api.tokens import access

pytestmark = pytest.mark.plain
PERMISSIONS = [
    *REGISTRY_ACTIONS,
    *(str(each) for each in (P.LOG_LIST, P.MEMBER_CREATE, P.LABEL_LIST, P.USER_CREATE)),
]


@dataclass(frozen=True)
class Facts:
    """What decides about one user in one project."""

    own: Role | None
    first: Role | None
    second: Role | None
    in_first: bool
    in_second: bool
    admin: bool
    auditor: bool
    active: bool
    public: bool
    deleted: bool
    anonymous: bool


FACTS = st.builds(
    Facts,
    own=st.none() | st.sampled_from(list(Role)),
    first=st.none() | st.sampled_from(list(Role)),
    second=st.none() | st.sampled_from(list(Role)),
    in_first=st.booleans(),
    in_second=st.booleans(),
    admin=st.sampled_from([False] * 5 + [True]),
    auditor=st.sampled_from([False] * 3 + [True]),
    active=st.sampled_from([True] * 5 + [False]),
    public=st.booleans(),
    deleted=st.sampled_from([False] * 7 + [True]),
    anonymous=st.sampled_from([False] * 5 + [True]),
)

_MAINTAINER = {"own": None, "first": Role.MAINTAINER, "second": None, "in_first": True, "in_second": False}
_PLAIN = {"admin": False, "auditor": False, "public": False, "anonymous": False}
DELETED = Facts(**_MAINTAINER, **_PLAIN, active=True, deleted=True)  # type: ignore[arg-type]  # fields by name
DISABLED = Facts(**_MAINTAINER, **_PLAIN, active=False, deleted=False)  # type: ignore[arg-type]  # fields by name


class Scene:
    """One project with an image and a job, one user, two groups; every example changes their rows and nothing else."""

    def __init__(self, registry: Registry, application: Replaying) -> None:
        self.world = World.make(registry)
        self.repository = self.world.repository("maintainer", "app")
        self.repository.push_image("latest")
        self.run = Run.objects.create(
            kind="test.kind", queue="test", state="succeeded", project_id=self.world.project.pk, actor_id=0
        )
        self.user = people.make_user("subject", password=PASSWORD)
        self.groups: tuple[Group, Group] = (make_group(), make_directory_group())
        self.http = api.client(application)

    def arrange(self, facts: Facts) -> None:
        project = self.world.project
        Member.objects.filter(project=project).filter(user=self.user).delete()
        Member.objects.filter(project=project, group__in=self.groups).delete()
        GroupMember.objects.filter(user=self.user).delete()
        subjects: list[User | Group] = [self.user, *self.groups]
        for subject, role in zip(subjects, (facts.own, facts.first, facts.second), strict=True):
            if role is not None:
                give(project, subject, role)
        for group, is_in in zip(self.groups, (facts.in_first, facts.in_second), strict=True):
            if is_in:
                GroupMember.objects.create(group=group, user=self.user)
        User.objects.filter(pk=self.user.pk).update(
            is_admin=facts.admin, is_auditor=facts.auditor, is_active=facts.active
        )
        deleted_at = "2026-01-01T00:00Z" if facts.deleted else None
        Project.objects.filter(pk=project.pk).update(public=facts.public, deleted_at=deleted_at)
        project.refresh_from_db()
        registry_access.forget()
        # A disabled user's password is a wrong one, and each example tries it several times.
        limiter._counts = Counts(people.unique("test"))

    def client(self, facts: Facts) -> Client:
        if facts.anonymous:
            return Client(self.world.registry, None, people.ANONYMOUS)
        user = User.objects.get(pk=self.user.pk)
        return Client(self.world.registry, basic(user.username, PASSWORD), people.principal(user))

    def explain(self, actor: Principal, wanted: str, repository: str = "") -> Explanation:
        return explain(Question(actor, needed(wanted), ref(self.world.project), repository))

    def granted(self, client: Client) -> tuple[str, set[str]]:
        """A token for everything, and the actions in it; none for who gets no token at all."""
        headers = {"Authorization": client.basic} if client.basic else {}
        scope = f"repository:{self.repository.name}:pull,push,delete"
        answer = client.registry.request("GET", "/service/token", params={"scope": scope}, headers=headers)
        if answer.status_code == 401:
            return "", set()
        token = answer.json()["token"]
        return token, {action for entry in access(token) for action in entry["actions"]}

    def done(self, authorization: str) -> set[str]:
        """What really goes through /v2, told by requests."""
        headers = {"Authorization": authorization} if authorization else {}
        ask = self.world.registry.request
        path = f"/v2/{self.repository.name}/manifests"
        pushed = {**headers, "Content-Type": MANIFEST}
        content = documents.manifest(b"{}", [b"layer"])
        statuses = {
            "pull": (ask("GET", f"{path}/latest", headers=headers).status_code, 200),
            "push": (ask("PUT", f"{path}/latest", headers=pushed, content=content).status_code, 201),
            # Of a tag that does not exist: who may delete is told so.
            "delete": (ask("DELETE", f"{path}/nothing", headers=headers).status_code, 404),
        }
        return {action for action, (status, allowed) in statuses.items() if status == allowed}

    def sees_job(self, authorization: str | None) -> bool:
        headers = {"Authorization": authorization} if authorization else {}
        return self.http.get(f"/api/v2.0/jobs/{self.run.pk}", headers=headers).status_code == 200


@pytest.fixture(scope="module")
def scene(replaying: Replaying, registry: Registry, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with django_db_blocker.unblock():
        yield Scene(registry, replaying)


def sound(found: Explanation) -> None:
    """What every explanation keeps to."""
    deciding = [step for step in found.steps if step.decides]
    assert deciding
    assert all(step.allows is not False or not found.allowed or len(deciding) > 1 for step in deciding)
    assert found.allowed or deciding[0].allows is False
    assert found.steps[0].kind is StepKind.ACCOUNT


@example(facts=DELETED)
@example(facts=DISABLED)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=FACTS)
def test_an_explanation_says_what_the_registry_does(scene: Scene, facts: Facts) -> None:
    scene.arrange(facts)
    client = scene.client(facts)
    told = {each: scene.explain(client.principal, each) for each in PERMISSIONS}
    for each in told.values():
        sound(each)
    allowed = {action for action in REGISTRY_ACTIONS if told[action].allowed}
    token, granted = scene.granted(client)
    assert granted == allowed
    if token:
        assert scene.done(f"Bearer {token}") == allowed
    if client.basic:
        assert scene.done(client.basic) == allowed
    # What was done in a project that is deleted now stays to be seen by those who had it.
    if client.basic and not facts.deleted:
        edits = scene.explain(client.principal, "repository:delete").allowed or (facts.admin and facts.active)
        assert scene.sees_job(client.basic) is edits
    if facts.anonymous or facts.active:
        _as_required(scene, client.principal, told)
    else:
        assert not any(each.allowed for each in told.values())


def _as_required(scene: Scene, actor: Principal, told: dict[str, Explanation]) -> None:
    """For who can come at all, the decision is the one of `require`; of a deleted project nothing is asked."""
    project = scene.world.project
    if project.deleted_at is not None:
        assert not any(each.allowed for each in told.values())
        return
    assert {each for each in REGISTRY_ACTIONS if told[each].allowed} == registry_actions(actor, ref(project))
    for name, found in told.items():
        try:
            for permission in needed(name):
                require(actor, permission, ref(project))
            assert found.allowed
        except (Denied, ProjectUnknown):
            assert not found.allowed


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=FACTS, later=FACTS, scopes=st.sets(st.sampled_from(["pull", "push", "delete"]), min_size=1))
def test_an_explanation_of_a_token_says_what_that_token_does(
    scene: Scene, facts: Facts, later: Facts, scopes: set[str]
) -> None:
    """`later` changes roles behind the token's back, as long as none of its holder's or its project's epochs move."""
    scene.arrange(facts)
    client = scene.client(facts)
    if not (facts.anonymous or facts.active) or facts.deleted:
        return
    scope = f"repository:{scene.repository.name}:{','.join(sorted(scopes))}"
    token = scene.world.registry.token(scope, basic=client.basic)
    claims = registry_tokens.verify(token)
    scene.arrange(replace(later, active=True, deleted=False))
    actor = Principal(client.principal.kind, client.principal.id, "x", grants=claims.repositories)
    told = {each: scene.explain(actor, each, scene.repository.name) for each in REGISTRY_ACTIONS}
    for each in told.values():
        sound(each)
    assert scene.done(f"Bearer {token}") == {action for action, found in told.items() if found.allowed}
