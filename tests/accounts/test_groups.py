"""Groups are made, filled, renamed and deleted by administrators, each act on record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from access.check import permissions_of
from access.principal import Principal
from access.table import TABLE, Role
from accounts.models import Group, User
from accounts.queries import group_by_name, people_in, sizes_of, visible_groups
from accounts.services import groups
from accounts.services.users import remove_user
from audit.models import AuditEvent
from core.errors import (
    AlreadyExists,
    Denied,
    GroupUnknown,
    KeptByDirectory,
    LastAdministrator,
    NameInvalid,
    UserUnknown,
)
from projects.queries import ref
from tests.groups import Entry, epoch, give, make_directory_group, make_group, names_in
from tests.people import SYSTEM, make_project, make_user, people_of, principal, unique

pytestmark = pytest.mark.django_db


def events(group: Group) -> list[tuple[str, dict[str, object]]]:
    rows = AuditEvent.objects.filter(resource_type="group", resource_id=str(group.pk)).order_by("id")
    return [(row.operation, row.detail) for row in rows]


def test_a_group_is_made_filled_renamed_and_deleted_each_on_record():
    name, ann = unique("devs"), make_user("ann")
    group = groups.create_group(SYSTEM, name)
    groups.add_to_group(SYSTEM, group, ann)
    groups.rename_group(SYSTEM, group, name + "-2")
    groups.remove_from_group(SYSTEM, group, ann)
    groups.delete_group(SYSTEM, group)
    assert not Group.objects.filter(pk=group.pk).exists()
    assert events(group) == [
        ("group.create", {"after": {"source": "local"}}),
        ("group.add", {"after": {"user": ann.username}}),
        ("group.rename", {"before": {"name": name}, "after": {"name": name + "-2"}}),
        ("group.remove", {"before": {"user": ann.username}}),
        ("group.delete", {"before": {"source": "local", "dn": "", "people": 0, "projects": 0}}),
    ]


def test_doing_it_again_changes_nothing_and_leaves_no_event():
    ann, bea = make_user(), make_user()
    group = make_group(ann)
    groups.add_to_group(SYSTEM, group, ann)
    groups.remove_from_group(SYSTEM, group, bea)
    groups.rename_group(SYSTEM, group, group.name)
    assert names_in(group) == {ann.username}
    assert [name for name, _ in events(group)] == ["group.create"]


@pytest.mark.parametrize("name", ["Domain Users", "R&D: Berlin, Mitte", "品質保証", "a" * 255])
def test_a_group_may_be_called_what_directories_call_groups(name: str):
    assert groups.create_group(SYSTEM, f"  {name} ").name == name


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00", "a\u202eb", "a" * 256])
def test_a_name_that_cannot_be_shown_is_refused(name: str):
    with pytest.raises(NameInvalid):
        groups.create_group(SYSTEM, name)


def test_names_are_taken_whatever_the_case_of_the_letters():
    group, other = make_group(name=unique("Devs")), make_group()
    with pytest.raises(AlreadyExists, match="another name"):
        groups.create_group(SYSTEM, group.name.upper())
    with pytest.raises(AlreadyExists):
        groups.rename_group(SYSTEM, other, group.name.lower())
    with pytest.raises(AlreadyExists, match="--name"):
        groups.import_group(SYSTEM, Entry(group.name))
    assert groups.import_group(SYSTEM, Entry(group.name), name=unique("ldap")).directory_name == group.name


def test_an_imported_group_is_known_by_its_subject_ever_after():
    entry = Entry(unique("Team"))
    group = groups.import_group(SYSTEM, entry)
    again = groups.import_group(SYSTEM, Entry("another name", subject=entry.subject))
    assert (again.pk, again.name, again.dn) == (group.pk, entry.name, entry.dn)
    assert [name for name, _ in events(group)] == ["group.import"]


def test_the_people_of_a_directorys_group_are_not_changed_here():
    ann = make_user()
    group = make_directory_group(ann)
    for act in (groups.add_to_group, groups.remove_from_group):
        with pytest.raises(KeptByDirectory, match="wharf ldap sync"):
            act(SYSTEM, group, ann)
    assert names_in(group) == {ann.username}


def test_a_group_or_user_that_is_gone_is_told_so():
    group, ann = make_group(), make_user()
    remove_user(SYSTEM, ann)
    with pytest.raises(UserUnknown):
        groups.add_to_group(SYSTEM, group, ann)
    groups.delete_group(SYSTEM, group)
    acts: list[Callable[[], object]] = [
        lambda: groups.add_to_group(SYSTEM, group, ann),
        lambda: groups.remove_from_group(SYSTEM, group, ann),
        lambda: groups.rename_group(SYSTEM, group, "x"),
        lambda: groups.delete_group(SYSTEM, group),
    ]
    for act in acts:
        with pytest.raises(GroupUnknown):
            act()


def test_nobody_but_a_system_administrator_touches_groups():
    project, ann = make_project(), make_user()
    group = make_group(ann)
    give(project, group, Role.GUEST)
    for name, actor in people_of(project).all().items():
        if name == "admin":
            continue
        attempts: list[Callable[[Principal], object]] = [
            lambda actor: groups.create_group(actor, unique("x")),
            lambda actor: groups.import_group(actor, Entry(unique("x"))),
            lambda actor: groups.rename_group(actor, group, unique("x")),
            lambda actor: groups.delete_group(actor, group),
            lambda actor: groups.add_to_group(actor, group, ann),
            lambda actor: groups.remove_from_group(actor, group, ann),
            visible_groups,
            lambda actor: group_by_name(actor, group.name),
            lambda actor: people_in(actor, group),
        ]
        for attempt in attempts:
            with pytest.raises(Denied):
                attempt(actor)
    assert names_in(group) == {ann.username}


def test_a_deleted_group_takes_its_roles_along_and_ends_the_sessions_of_its_people():
    project, ann, bea = make_project(), make_user(), make_user()
    group = make_group(ann, bea)
    give(project, group, Role.DEVELOPER)
    give(project, bea, Role.MAINTAINER)
    groups.delete_group(SYSTEM, group)
    assert permissions_of(principal(ann), ref(project)) == frozenset()
    assert permissions_of(principal(bea), ref(project)) == TABLE[Role.MAINTAINER]
    assert (epoch(ann), epoch(bea)) == (2, 1)


def test_a_group_without_roles_ends_nobodys_sessions():
    ann = make_user()
    groups.delete_group(SYSTEM, make_group(ann))
    assert epoch(ann) == 1


LEAVING: list[Callable[[Group, User], object]] = [
    lambda group, _user: groups.delete_group(SYSTEM, group),
    lambda group, user: groups.remove_from_group(SYSTEM, group, user),
    lambda _group, user: remove_user(SYSTEM, user),
]


@pytest.mark.parametrize("leave", LEAVING)
def test_the_last_project_admin_is_kept_though_he_is_one_by_a_group(leave: Callable[[Group, User], object]):
    project, last, disabled = make_project(), make_user(), make_user(is_active=False)
    group = make_group(last, disabled)
    give(project, group, Role.PROJECT_ADMIN)
    with pytest.raises(LastAdministrator, match=project.name):
        leave(group, last)
    assert names_in(group) == {last.username, disabled.username}
    assert epoch(last) == 1
    give(project, make_user(), Role.PROJECT_ADMIN)
    leave(group, last)


def test_a_group_that_administers_nothing_any_more_can_be_deleted():
    project = make_project()
    empty = make_group()
    give(project, empty, Role.PROJECT_ADMIN)
    groups.delete_group(SYSTEM, empty)
    assert not project.members.exists()


def test_groups_are_listed_by_name_with_their_sizes_in_three_queries(django_assert_num_queries):
    project = make_project()
    group = make_group(make_user(), make_user(is_active=False))
    give(project, group, Role.GUEST)
    with django_assert_num_queries(3):
        listed = list(visible_groups(SYSTEM))
        sizes = sizes_of(listed)
    assert [row.name for row in listed] == sorted((row.name for row in listed), key=str.lower)
    assert (sizes[group.pk].people, sizes[group.pk].active, sizes[group.pk].projects) == (2, 1, 1)


def test_a_mistyped_group_is_answered_with_the_nearest_name():
    group = make_group(name=unique("developers"))
    with pytest.raises(GroupUnknown, match=f"Did you mean '{group.name}'"):
        group_by_name(SYSTEM, group.name + "x")
    assert group_by_name(SYSTEM, group.name.upper()) == group
