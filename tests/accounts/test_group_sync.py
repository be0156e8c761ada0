"""What a directory says of its groups is followed: their people, names and places."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from access.check import permissions_of
from access.table import Role
from accounts.models import Group, Identity, User
from accounts.services import group_sync, groups
from accounts.services.users import end_sessions, remove_user
from accounts.sync.shapes import Sighting
from audit.models import AuditEvent
from core.errors import Denied, GroupUnknown, KeptByDirectory, UserUnknown
from projects.queries import ref
from tests.groups import Entry, epoch, give, make_directory_group, make_group, names_in
from tests.people import SYSTEM, make_project, make_user, principal, unique

pytestmark = pytest.mark.django_db


def event(operation: str) -> AuditEvent:
    return AuditEvent.objects.filter(operation=operation).order_by("-id")[0]


def count() -> int:
    return AuditEvent.objects.count()


def test_people_are_replaced_in_one_event_that_names_who_came_and_went():
    ann, bea, cid = make_user("ann"), make_user("bea"), make_user("cid")
    group = make_directory_group(ann, bea)
    before = count()
    done = group_sync.replace_people(SYSTEM, group, [bea.pk, cid.pk])
    assert (done.added, done.removed) == ((cid.pk,), (ann.pk,))
    assert names_in(group) == {bea.username, cid.username}
    assert (count() - before, event("group.sync").detail) == (
        1,
        {
            "added_number": 1,
            "added": [cid.username],
            "removed_number": 1,
            "removed": [ann.username],
            "sessions_ended": 0,
        },
    )


def test_the_same_people_again_leave_no_event_but_the_time():
    ann = make_user()
    group = make_directory_group(ann)
    before = count()
    assert not group_sync.replace_people(SYSTEM, group, [ann.pk])
    assert count() == before
    assert Group.objects.get(pk=group.pk).synced_at is not None


def test_only_who_loses_something_has_his_sessions_ended():
    project, loses, keeps, stays, admin = make_project(), make_user(), make_user(), make_user(), make_user()
    group = make_directory_group(loses, keeps, stays)
    give(project, group, Role.DEVELOPER)
    give(project, make_group(keeps), Role.MAINTAINER)
    give(project, loses, Role.GUEST)
    done = group_sync.replace_people(SYSTEM, group, [stays.pk, admin.pk])
    assert [epoch(user) for user in (loses, keeps, stays, admin)] == [2, 1, 1, 1]
    assert done.ended == 1


def test_the_last_project_admin_goes_when_the_directory_says_so():
    project, last = make_project(), make_user()
    group = make_directory_group(last)
    give(project, group, Role.PROJECT_ADMIN)
    group_sync.replace_people(SYSTEM, group, [])
    assert permissions_of(principal(last), ref(project)) == frozenset()
    assert epoch(last) == 2


def test_a_user_deleted_meanwhile_is_left_out():
    ann, gone = make_user(), make_user()
    remove_user(SYSTEM, gone)
    group = make_directory_group()
    assert group_sync.replace_people(SYSTEM, group, [ann.pk, gone.pk]).added == (ann.pk,)


def sighting(user: User) -> Sighting:
    """Of the person of a directory whose account it is."""
    subject = unique("subject")
    Identity.objects.create(user=user, source="ldap", subject=subject)
    return Sighting(subject, epoch(user))


def test_only_those_named_come_and_go():
    ann, bea, cid, dan = make_user(), make_user(), make_user(), make_user()
    group = make_directory_group(ann, bea)
    done = group_sync.change_people(
        SYSTEM, group, joined={user.pk: sighting(user) for user in (cid, bea)}, left=[ann.pk, dan.pk]
    )
    assert (done.added, done.removed) == ((cid.pk,), (ann.pk,))
    assert names_in(group) == {bea.username, cid.username}
    assert event("group.sync").detail["added"] == [cid.username]
    before = count()
    assert not group_sync.change_people(SYSTEM, group, joined={}, left=[ann.pk])
    assert count() == before


def test_nobody_joins_who_is_another_by_now_or_lost_a_right_since_he_was_seen():
    users = other, lost, unlinked, joins = [make_user() for _ in range(4)]
    seen = {user.pk: sighting(user) for user in users}
    Identity.objects.filter(user=other).update(subject=unique("subject"))
    end_sessions(lost.pk)
    Identity.objects.filter(user=unlinked).delete()
    group = make_directory_group()
    assert group_sync.change_people(SYSTEM, group, joined=seen, left=[]).added == (joins.pk,)


def test_a_local_group_is_not_replaced():
    group = make_group(make_user())
    with pytest.raises(KeptByDirectory):
        group_sync.replace_people(SYSTEM, group, [])
    with pytest.raises(KeptByDirectory):
        group_sync.change_people(SYSTEM, group, joined={}, left=[])
    assert len(names_in(group)) == 1


def test_signing_in_replaces_the_directorys_groups_of_a_user_and_leaves_the_local_ones():
    ann, project = make_user(), make_project()
    old, new, local = make_directory_group(ann), make_directory_group(), make_group(ann)
    give(project, old, Role.GUEST)
    done = group_sync.replace_groups_of(SYSTEM, ann, [new.pk, local.pk])
    assert (done.added, done.removed, epoch(ann)) == ((new.pk,), (old.pk,), 2)
    assert names_in(old) == set()
    assert names_in(new) == names_in(local) == {ann.username}
    told = event("user.groups")
    assert (told.resource_name, told.detail["removed"]) == (ann.username, [old.name])


def test_signing_in_with_the_same_groups_costs_one_query_and_writes_nothing(django_assert_num_queries):
    ann = make_user()
    group = make_directory_group(ann)
    with django_assert_num_queries(1):
        assert not group_sync.replace_groups_of(SYSTEM, ann, {group.pk})


def test_a_renamed_and_moved_group_keeps_its_people_and_roles():
    ann, project = make_user(), make_project()
    group = make_directory_group(ann)
    give(project, group, Role.DEVELOPER)
    name = unique("Platform")
    found = Entry(name, subject=group.subject, dn="cn=platform,ou=new,dc=example,dc=org")
    row = group_sync.refresh_group(SYSTEM, group, found)
    assert (row.name, row.directory_name, row.dn) == (name, name, found.dn)
    assert permissions_of(principal(ann), ref(project))
    before = count()
    assert group_sync.refresh_group(SYSTEM, row, found) == row
    assert (count(), epoch(ann)) == (before, 1)


def test_a_name_given_here_stays_and_so_does_one_whose_successor_is_taken():
    own = groups.import_group(SYSTEM, Entry(unique("Team")), name=unique("ours"))
    renamed = group_sync.refresh_group(SYSTEM, own, Entry(unique("Team"), subject=own.subject))
    assert renamed.name == own.name
    taken, group = make_group(), make_directory_group()
    kept = group_sync.refresh_group(SYSTEM, group, Entry(taken.name.upper(), subject=group.subject))
    assert (kept.name, kept.directory_name) == (group.name, taken.name.upper())
    odd = group_sync.refresh_group(SYSTEM, kept, Entry("a\nb", subject=group.subject))
    assert odd.name == group.name


def test_a_group_that_is_gone_has_nobody_and_gets_its_people_back_with_its_return():
    ann, project = make_user(), make_project()
    group = make_directory_group(ann)
    give(project, group, Role.DEVELOPER)
    assert group_sync.group_is_gone(SYSTEM, group).removed == (ann.pk,)
    assert (epoch(ann), permissions_of(principal(ann), ref(project))) == (2, frozenset())
    row = Group.objects.get(pk=group.pk)
    assert row.gone_at is not None
    before = count()
    group_sync.group_is_gone(SYSTEM, row)
    assert count() == before
    found = Entry(group.name, subject=group.subject, dn=group.dn)
    assert group_sync.refresh_group(SYSTEM, row, found).gone_at is None
    group_sync.replace_people(SYSTEM, row, [ann.pk])
    assert permissions_of(principal(ann), ref(project))


def test_nobody_but_an_administrator_says_what_the_directory_said():
    ann = make_user()
    group = make_directory_group(ann)
    actor = principal(make_user(is_auditor=True))
    attempts: list[Callable[[], object]] = [
        lambda: group_sync.replace_people(actor, group, []),
        lambda: group_sync.change_people(actor, group, joined={}, left=[ann.pk]),
        lambda: group_sync.replace_groups_of(actor, ann, []),
        lambda: group_sync.refresh_group(actor, group, Entry("other", subject=group.subject)),
        lambda: group_sync.group_is_gone(actor, group),
    ]
    for attempt in attempts:
        with pytest.raises(Denied):
            attempt()
    assert names_in(group) == {ann.username}


def test_what_was_deleted_meanwhile_is_told():
    ann, group = make_user(), make_directory_group()
    groups.delete_group(SYSTEM, group)
    with pytest.raises(GroupUnknown):
        group_sync.replace_people(SYSTEM, group, [ann.pk])
    other = make_directory_group()
    remove_user(SYSTEM, ann)
    with pytest.raises(UserUnknown):
        group_sync.replace_groups_of(SYSTEM, ann, [other.pk])
