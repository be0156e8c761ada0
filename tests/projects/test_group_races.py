"""Two at once, about groups, in transactions that really commit: nobody keeps a session on rights he has lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from access.check import permissions_of
from access.held import without_admin
from access.models import Member
from access.table import Role
from accounts.models import Group, GroupMember, User
from accounts.services import group_sync, groups
from core.errors import GroupUnknown, KeptByDirectory, LastAdministrator
from projects.queries import ref
from projects.services.members import add_member, change_role, remove_member
from tests.groups import Entry, epoch, give, make_directory_group, make_group
from tests.people import SYSTEM, make_member, make_project, make_user, principal, unique
from tests.projects.races import at_once

ROUNDS = 6


@pytest.fixture(autouse=True)
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rows stay behind; their names are unique."""
    with django_db_blocker.unblock():
        yield
        connection.close()


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_two_equal_ways_taken_at_once_the_second_ends_the_session(_round: int):
    """Each sees the other's way still there unless the second waits for the first: then nobody would end the session."""
    project, ann = make_project(), make_user()
    first, second = make_directory_group(ann), make_group(ann)
    for group in (first, second):
        give(project, group, Role.DEVELOPER)
    raised = at_once(
        lambda: group_sync.replace_people(SYSTEM, first, []),
        lambda: groups.remove_from_group(SYSTEM, second, ann),
    )
    assert raised == [None, None]
    assert permissions_of(principal(ann), ref(project)) == frozenset()
    assert epoch(ann) == 2


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_role_and_a_group_taken_at_once_end_the_session(_round: int):
    project = make_project()
    ann = make_member(project, Role.DEVELOPER)
    group = make_group(ann)
    give(project, group, Role.DEVELOPER)
    raised = at_once(
        lambda: change_role(SYSTEM, project, ann, Role.GUEST), lambda: groups.delete_group(SYSTEM, group)
    )
    assert raised == [None, None]
    assert epoch(ann) == 2


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_two_ways_to_the_last_admin_cannot_both_go(_round: int):
    project, ann = make_project(), make_user()
    bea = make_member(project, Role.PROJECT_ADMIN)
    group = make_group(ann)
    give(project, group, Role.PROJECT_ADMIN)
    acts: list[Callable[[], object]] = [
        lambda: remove_member(SYSTEM, project, bea),
        lambda: groups.remove_from_group(SYSTEM, group, ann),
    ]
    assert sorted(at_once(*acts), key=str) == [LastAdministrator, None]
    assert without_admin([project.pk]) == {}


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_who_joins_a_group_while_it_leaves_a_project_keeps_no_token_of_it(_round: int):
    """Either he joined before and is among those who lose, or after and never had the role."""
    project, ann = make_project(), make_user()
    group = make_directory_group()
    give(project, group, Role.DEVELOPER)
    raised = at_once(
        lambda: remove_member(SYSTEM, project, group),
        lambda: group_sync.replace_groups_of(SYSTEM, ann, [group.pk]),
    )
    assert raised == [None, None]
    assert permissions_of(principal(ann), ref(project)) == frozenset()


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_group_is_deleted_while_it_is_made_a_member(_round: int):
    project, group = make_project(), make_group(make_user())
    raised = at_once(
        lambda: add_member(SYSTEM, project, group, Role.GUEST), lambda: groups.delete_group(SYSTEM, group)
    )
    assert raised[1] is None
    assert raised[0] in (None, GroupUnknown)
    assert not Group.objects.filter(pk=group.pk).exists()
    assert not Member.objects.filter(project=project).exists()


def test_many_who_sign_in_while_the_group_is_synchronised_end_up_in_it_once():
    people = [make_user() for _ in range(6)]
    group = make_directory_group()
    acts: list[Callable[[], object]] = [
        *[lambda user=user: group_sync.replace_groups_of(SYSTEM, user, [group.pk]) for user in people],
        *[lambda: group_sync.replace_people(SYSTEM, group, [user.pk for user in people])] * 2,
    ]
    assert set(at_once(*acts)) == {None}
    assert GroupMember.objects.filter(group=group).count() == len(people)


def test_a_group_imported_by_many_at_once_is_imported_once():
    entry = Entry(unique("Team"))
    assert set(at_once(*[lambda: groups.import_group(SYSTEM, entry)] * 6)) == {None}
    assert Group.objects.filter(subject=entry.subject).count() == 1


def test_a_directorys_group_refuses_hands_however_many():
    group, ann = make_directory_group(), make_user()
    assert set(at_once(*[lambda: groups.add_to_group(SYSTEM, group, ann)] * 3)) == {KeptByDirectory}
    assert User.objects.filter(groups__group=group).count() == 0
