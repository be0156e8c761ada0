"""Of robots, and of people with a token, access.explain says what `require` decides, the token service grants and /v2 does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest_django.plugin import DjangoDbBlocker

from access.allowances import Allowance, Allowances, Place
from access.check import registry_actions, require
from access.explanation import Explanation, Question, explain, needed
from access.principal import Principal
from access.steps import StepKind
from access.table import REGISTRY_ACTIONS, P, Permission
from accounts.models import AccessToken, Robot, User
from core.errors import Denied, ProjectUnknown
from core.globs import Glob
from projects import registry_access
from projects.explanations import _as_actor
from projects.queries import ref
from tests import keys
from tests.registry_api.client import Client, Registry, basic
from tests.registry_api.replay import Replaying
from tests.registry_api.test_explanation_agrees import FACTS, PERMISSIONS, Facts, Scene, sound

pytestmark = pytest.mark.plain
RIGHTS = [P.REPOSITORY_PULL, P.REPOSITORY_PUSH, P.TAG_DELETE, P.ARTIFACT_DELETE, P.LOG_LIST, P.LABEL_LIST]
# The repository is `app`.
GLOBS = [None, None, "app", "**", "a*", "other/**", "{app,web}"]


@dataclass(frozen=True)
class Held:
    """What a key is for: (permissions, glob, in all projects) each."""

    allowances: tuple[tuple[frozenset[Permission], str | None, bool], ...]
    disabled: bool = False

    def of(self, scene: Scene) -> Allowances:
        return tuple(
            Allowance(
                Place.ALL_PROJECTS if everywhere else Place.PROJECT,
                permissions,
                None if everywhere else scene.world.project.pk,
                (Glob.parse(glob),) if glob else (),
            )
            for permissions, glob, everywhere in self.allowances
        )


HELD = st.builds(
    Held,
    st.lists(
        st.tuples(st.frozensets(st.sampled_from(RIGHTS), min_size=1), st.sampled_from(GLOBS), st.booleans()),
        max_size=3,
    ).map(tuple),
    st.sampled_from([False] * 5 + [True]),
)
ALL = frozenset(RIGHTS)
WHOLE, ELSEWHERE = Held(((ALL, None, False),)), Held(((ALL, "other/**", False),))


class KeyScene(Scene):
    """The same with a robot of the project, and a token of the user's."""

    def __init__(self, registry: Registry, application: Replaying) -> None:
        super().__init__(registry, application)
        project = self.world.project
        self.robot = keys.robot(keys.in_project(project, keys.PULL), project=project)
        self.token = keys.personal(self.user, keys.in_project(project, keys.PULL))

    def by_robot(self, held: Held) -> Client:
        stored = [each.as_json() for each in held.of(self)]
        Robot.objects.filter(pk=self.robot.principal.id).update(allowances=stored, disabled=held.disabled)
        registry_access.forget()
        actor = _as_actor(Robot.objects.get(pk=self.robot.principal.id), None)
        return Client(self.world.registry, basic(self.robot.username, self.robot.secret), actor)

    def by_token(self, held: Held) -> Client:
        stored = [each.as_json() for each in held.of(self)]
        AccessToken.objects.filter(pk=self.token.principal.key_id).update(allowances=stored)
        registry_access.forget()
        key = AccessToken.objects.get(pk=self.token.principal.key_id)
        actor = _as_actor(User.objects.get(pk=self.user.pk), key)
        return Client(self.world.registry, basic(self.user.username, self.token.secret), actor)


@pytest.fixture(scope="module")
def scene(replaying: Replaying, registry: Registry, django_db_blocker: DjangoDbBlocker) -> Iterator[KeyScene]:
    with django_db_blocker.unblock():
        yield KeyScene(registry, replaying)


def agrees(scene: KeyScene, client: Client, *, is_alive: bool) -> dict[str, Explanation]:
    """What is told of the repository is what is granted, done and decided."""
    actor, repository = client.principal, str(scene.repository.name)
    told = {each: scene.explain(actor, each, repository) for each in PERMISSIONS}
    for each in told.values():
        sound(each)
    allowed = {action for action in REGISTRY_ACTIONS if told[action].allowed}
    token, granted = scene.granted(client)
    assert granted == allowed
    if token:
        assert scene.done(f"Bearer {token}") == allowed
    assert client.basic is not None
    assert scene.done(client.basic) == allowed
    if not is_alive or scene.world.project.deleted_at is not None:
        assert not any(each.allowed for each in told.values())
        return told
    where = ref(scene.world.project)
    assert allowed == registry_actions(actor, where, repository=repository)
    for name in PERMISSIONS:
        for path, found in ((repository, told[name]), (None, scene.explain(actor, name))):
            assert found.allowed is decided(actor, name, scene, path)
    return told


def decided(actor: Principal, name: str, scene: KeyScene, repository: str | None) -> bool:
    try:
        for permission in needed(name):
            require(actor, permission, ref(scene.world.project), repository=repository)
    except (Denied, ProjectUnknown):
        return False
    return True


@example(facts=None, held=WHOLE)
@example(facts=None, held=ELSEWHERE)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.none() | FACTS, held=HELD)
def test_an_explanation_of_a_robot_says_what_the_registry_does(
    scene: KeyScene, facts: Facts | None, held: Held
) -> None:
    scene.arrange(facts or NOBODY)
    told = agrees(scene, scene.by_robot(held), is_alive=not held.disabled)
    kinds = {step.kind for each in told.values() for step in each.steps}
    assert kinds <= {StepKind.ACCOUNT, StepKind.PUBLIC, StepKind.KEY, StepKind.GATE, StepKind.NOTHING}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=FACTS, held=HELD)
def test_an_explanation_of_somebody_with_a_token_says_what_the_registry_does(
    scene: KeyScene, facts: Facts, held: Held
) -> None:
    scene.arrange(replace(facts, anonymous=False))
    told = agrees(scene, scene.by_token(held), is_alive=facts.active)
    whole = scene.by_token(held).principal
    for name, found in told.items():
        without = explain(
            Question(replace(whole, allowances=None, key_id=0), needed(name), ref(scene.world.project))
        )
        assert without.allowed or not found.allowed
        # Where he could without the key, the key is what is told to be in the way.
        if without.allowed and not found.allowed:
            (deciding,) = [step for step in found.steps if step.decides]
            assert deciding.kind is StepKind.KEY


NOBODY = Facts(
    own=None, first=None, second=None, in_first=False, in_second=False, admin=False, auditor=False,
    active=True, public=False, deleted=False, anonymous=False,
)  # fmt: skip
