"""Sessions end for exactly those who have less than before: every act, on worlds nobody thought of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access import losses
from access.check import permissions_of
from access.losses import Taken
from access.models import Member
from access.table import Permissions, Role
from accounts.models import Group, GroupMember, User
from accounts.services import group_sync, groups
from core.errors import LastAdministrator
from projects.models import Project
from projects.queries import ref
from projects.services.members import change_role, remove_member
from tests.groups import epoch, give, make_directory_group, make_group
from tests.people import SYSTEM, make_project, make_user, principal

pytestmark = pytest.mark.django_db
ROLE = st.sampled_from(list(Role))


@dataclass(frozen=True)
class World:
    """Two projects, two groups (one of the directory), three users, the last an administrator."""

    projects: tuple[Project, Project]
    groups: tuple[Group, Group]
    users: tuple[User, User, User]

    def held(self) -> dict[tuple[int, int], Permissions]:
        return {
            (user.pk, project.pk): permissions_of(principal(user), ref(project))
            for user in self.users
            for project in self.projects
        }


@pytest.fixture
def world() -> World:
    return World(
        (make_project(), make_project(public=True)),
        (make_group(), make_directory_group()),
        (make_user(), make_user(), make_user(is_admin=True)),
    )


# Each subject's role in each project (None: no member), and who is in which group.
ROLES = st.lists(st.none() | ROLE, min_size=10, max_size=10)
BELONGS = st.lists(st.booleans(), min_size=6, max_size=6)
Act = Callable[[World], object]


def arrange(world: World, roles: list[Role | None], belongs: list[bool]) -> None:
    Member.objects.filter(project__in=world.projects).delete()
    GroupMember.objects.filter(group__in=world.groups).delete()
    User.objects.filter(pk__in=[user.pk for user in world.users]).update(auth_epoch=1)
    subjects: list[User | Group] = [*world.users, *world.groups]
    places = [(project, subject) for project in world.projects for subject in subjects]
    for (project, subject), role in zip(places, roles, strict=True):
        if role is not None:
            give(project, subject, role)
    pairs = [(group, user) for group in world.groups for user in world.users]
    for (group, user), is_in in zip(pairs, belongs, strict=True):
        if is_in:
            GroupMember.objects.create(group=group, user=user)


def of_member(world: World, pick: int, role: Role | None) -> object:
    rows = list(Member.objects.filter(project__in=world.projects).select_related("project").order_by("id"))
    if not rows:
        return None
    row = rows[pick % len(rows)]
    subject = row.user or row.group
    assert subject is not None
    if role is None:
        return remove_member(SYSTEM, row.project, subject)
    return change_role(SYSTEM, row.project, subject, role)


ACTS: list[Callable[[World, int, Role | None], object]] = [
    of_member,
    lambda world, pick, _role: groups.remove_from_group(SYSTEM, world.groups[0], world.users[pick % 3]),
    lambda world, _pick, _role: groups.delete_group(SYSTEM, world.groups[0]),
    lambda world, pick, _role: group_sync.replace_people(SYSTEM, world.groups[1], [world.users[pick % 3].pk]),
    lambda world, pick, _role: group_sync.replace_groups_of(SYSTEM, world.users[pick % 3], []),
    lambda world, _pick, _role: group_sync.group_is_gone(SYSTEM, world.groups[1]),
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(roles=ROLES, belongs=BELONGS, act=st.sampled_from(ACTS), pick=st.integers(0, 9), role=st.none() | ROLE)
def test_an_epoch_moves_if_and_only_if_a_right_is_lost(world: World, roles, belongs, act, pick, role):
    with transaction.atomic():
        arrange(world, roles, belongs)
        before = world.held()
        try:
            with transaction.atomic():
                act(world, pick, role)
        except LastAdministrator:
            assert world.held() == before
        after = world.held()
        for user in world.users:
            lost = any(before[key] - after[key] for key in before if key[0] == user.pk)
            assert (epoch(user) > 1) is lost
        transaction.set_rollback(True)


def test_of_too_many_questions_everybody_counts_as_having_lost(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(losses, "MAX_QUESTIONS", 3)
    project = make_project()
    people = [make_user().pk for _ in range(2)]
    for pk in people:
        Member.objects.create(project=project, user_id=pk, role_id=Role.PROJECT_ADMIN)
    other = make_project()
    assert losses.losers(people, [Taken(project.pk, Role.GUEST)]) == []
    taken = [Taken(project.pk, Role.GUEST), Taken(other.pk, Role.GUEST)]
    assert losses.losers(people, taken) == people
