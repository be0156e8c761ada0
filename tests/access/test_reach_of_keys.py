"""Lists of what a key reaches are what decisions say of each thing listed, in real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.plugin import DjangoDbBlocker

from access.allowances import Allowance, Allowances, Place
from access.check import in_repositories, member_projects, permissions_of, visible
from access.principal import ActorKind, AuthMethod, Principal
from access.table import P, Role
from artifacts.models import Repository
from artifacts.queries import catalog_page
from core.globs import Glob
from database import sql
from projects.models import Project
from projects.queries import project_by_name, ref
from tests import people
from tests.core.test_globs import PATHS, PATTERNS, parsed
from tests.groups import give
from tests.keys import PULL, everywhere, in_project, in_system
from tests.people import principal

PATHS_THERE = ["web", "team/web", "team/api/v1", "a", "a/b", "b", "team-x/web"]
NAMES = st.sampled_from([P.PROJECT_READ, P.REPOSITORY_LIST, P.REPOSITORY_PULL, P.REPOSITORY_PUSH, P.LOG_LIST])
GLOBS = st.sampled_from(["**", "*", "team/**", "**/web", "{a,b}", "team*/*", "?"])


class Scene:
    """Three projects, one of them public, one deleted besides, each with the same repositories; a member of the first."""

    def __init__(self) -> None:
        self.projects = [people.make_project(public=number == 2) for number in range(3)]
        gone = people.make_project()
        for project in [*self.projects, gone]:
            for path in PATHS_THERE:
                sql.execute(
                    "INSERT INTO repository (project_id, name, visible_at) VALUES (%s, %s, now())",
                    (project.pk, f"{project.name}/{path}"),
                )
        Project.objects.filter(pk=gone.pk).update(deleted_at="2026-01-01T00:00Z")
        self.member = people.make_user("member")
        give(self.projects[0], self.member, Role.DEVELOPER)
        self.admin = people.make_user("admin", is_admin=True)

    def actors(self, held: Allowances) -> list[Principal]:
        """A robot of these allowances, and tokens of people bounded by them."""
        robot = Principal(ActorKind.ROBOT, 1, "robot", auth=AuthMethod.ROBOT, allowances=held)
        users = [principal(each, auth=AuthMethod.PAT) for each in (self.member, self.admin)]
        return [robot, *(replace(user, allowances=held) for user in users)]


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker, services: Path) -> Iterator[Scene]:
    with django_db_blocker.unblock():
        yield Scene()


@st.composite
def allowances(draw: st.DrawFn) -> list[tuple[Place, frozenset[P], int, str | None]]:
    shape = st.tuples(
        st.sampled_from([Place.PROJECT] * 3 + [Place.ALL_PROJECTS, Place.SYSTEM]),
        st.frozensets(NAMES, min_size=1),
        st.integers(0, 2),
        st.none() | GLOBS,
    )
    return draw(st.lists(shape, max_size=4))


def made(scene: Scene, shapes: list[tuple[Place, frozenset[P], int, str | None]]) -> Allowances:
    return tuple(
        Allowance(
            place,
            permissions,
            scene.projects[number].pk if place is Place.PROJECT else None,
            (Glob.parse(glob),) if glob and place is not Place.SYSTEM else (),
        )
        for place, permissions, number, glob in shapes
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes=allowances(), more=allowances())
def test_lists_agree_with_decisions(scene: Scene, shapes: object, more: object) -> None:
    from access.allowances import both

    held = both(made(scene, shapes), made(scene, more)) if more else made(scene, shapes)  # type: ignore[arg-type]  # drawn
    for actor in scene.actors(held):
        _projects_agree(scene, actor)
        _repositories_agree(scene, actor)


def _projects_agree(scene: Scene, actor: Principal) -> None:
    for permission in (P.PROJECT_READ, P.REPOSITORY_LIST, P.LOG_LIST, P.REPOSITORY_PULL):
        decided = {each.pk for each in scene.projects if permission in permissions_of(actor, ref(each))}
        ids = [each.pk for each in scene.projects]
        listed = Project.objects.filter(visible(actor, permission), pk__in=ids).values_list("pk", flat=True)
        assert set(listed) == decided, permission
        private = {each.pk for each in scene.projects if not each.public}
        own = Project.objects.filter(pk__in=member_projects(actor, permission)).values_list("pk", flat=True)
        assert set(own) & private == decided & private, permission


def _repositories_agree(scene: Scene, actor: Principal) -> None:
    for permission in (P.REPOSITORY_PULL, P.REPOSITORY_PUSH):
        decided = {
            f"{each.name}/{path}"
            for each in scene.projects
            for path in PATHS_THERE
            if permission in permissions_of(actor, ref(each), repository=f"{each.name}/{path}")
        }
        ids = [each.pk for each in scene.projects]
        listed = Repository.objects.filter(in_repositories(actor, permission), project_id__in=ids)
        assert set(listed.values_list("name", flat=True)) == decided, permission
        if permission is P.REPOSITORY_PULL:
            ours = tuple(f"{each.name}/" for each in scene.projects)
            everything = catalog_page(actor, last="", limit=100_000)
            assert {name for name in everything if name.startswith(ours)} == decided


@pytest.mark.django_db
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patterns=st.lists(PATTERNS, min_size=1, max_size=3), path=PATHS)
def test_an_expression_means_what_the_globs_mean(patterns: list[str], path: str) -> None:
    from access.reach import _pattern, _patterns

    globs = tuple(parsed(each) for each in patterns)
    together = Allowance(Place.ALL_PROJECTS, PULL, None, globs)
    found = sql.value("SELECT %s ~ %s", (f"project/{path}", f"^{_pattern(together)}$"))
    assert found is all(glob.matches(path) for glob in globs)
    (expression,) = _patterns(Allowance(Place.ALL_PROJECTS, PULL, None, (glob,)) for glob in globs).values()
    assert sql.value("SELECT %s ~ %s", (f"project/{path}", expression)) is any(
        glob.matches(path) for glob in globs
    )


@pytest.mark.django_db
def test_a_key_sees_no_project_beyond_its_own() -> None:
    mine, other = people.make_project(), people.make_project()
    key = in_project(mine, frozenset({P.PROJECT_READ, P.REPOSITORY_PULL}))
    robot = Principal(ActorKind.ROBOT, 1, "robot", auth=AuthMethod.ROBOT, allowances=(key,))
    admin = people.make_user(is_admin=True)
    token = replace(principal(admin, auth=AuthMethod.PAT), allowances=(key,))
    for actor in (robot, token):
        assert list(Project.objects.filter(visible(actor), pk__in=[mine.pk, other.pk])) == [mine]
        assert project_by_name(actor, mine.name) == mine
    nothing = replace(robot, allowances=(in_system(frozenset({P.USER_LIST})),))
    assert not Project.objects.filter(visible(nothing), pk__in=[mine.pk, other.pk]).exists()
    all_ = replace(robot, allowances=(everywhere(PULL),))
    found = Project.objects.filter(visible(all_, P.REPOSITORY_PULL), pk__in=[mine.pk, other.pk])
    assert found.count() == 2
