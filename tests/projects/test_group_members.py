"""Groups as members: everybody in them has the role, and loses what he had by it alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from access.check import permissions_of
from access.principal import Principal
from access.table import TABLE, Role
from accounts.models import Group, Identity, Source
from accounts.services import identities
from accounts.services.groups import delete_group
from audit.models import AuditEvent
from core.errors import AlreadyExists, Denied, GroupUnknown, LastAdministrator, MemberUnknown, ProjectUnknown
from projects.models import Project
from projects.queries import members_of, ref
from projects.services.members import add_member, change_role, remove_member
from tests.groups import epoch, give, make_directory_group, make_group
from tests.people import SYSTEM, make_member, make_project, make_user, people_of, principal, unique

pytestmark = pytest.mark.django_db


def last_event(project: Project) -> AuditEvent:
    return AuditEvent.objects.filter(project_id=project.pk).order_by("-id")[0]


def test_everybody_in_a_new_member_group_holds_the_role_at_once_and_keeps_his_tokens():
    project, ann, bea = make_project(), make_user(), make_user()
    group = make_group(ann, bea)
    add_member(SYSTEM, project, group, Role.DEVELOPER)
    for user in (ann, bea):
        assert permissions_of(principal(user), ref(project)) == TABLE[Role.DEVELOPER]
        assert epoch(user) == 1
    event = last_event(project)
    assert (event.operation, event.resource_name) == ("member.create", group.name)
    assert event.detail == {"after": {"role": "developer", "kind": "group"}}


def test_a_group_is_a_member_once():
    project, group = make_project(), make_group()
    add_member(SYSTEM, project, group, Role.GUEST)
    with pytest.raises(AlreadyExists, match=group.name):
        add_member(SYSTEM, project, group, Role.MAINTAINER)


def test_a_lowered_role_of_a_group_ends_the_tokens_of_those_who_have_less_by_it():
    project, loses, keeps, equal = make_project(), make_user(), make_user(), make_user()
    group = make_group(loses, keeps, equal)
    give(project, group, Role.MAINTAINER)
    give(project, keeps, Role.PROJECT_ADMIN)
    give(project, make_group(equal), Role.MAINTAINER)
    change_role(SYSTEM, project, group, Role.GUEST)
    assert [epoch(user) for user in (loses, keeps, equal)] == [2, 1, 1]
    change_role(SYSTEM, project, group, Role.DEVELOPER)
    assert epoch(loses) == 2
    remove_member(SYSTEM, project, group)
    assert [epoch(user) for user in (loses, keeps, equal)] == [3, 1, 1]
    assert last_event(project).detail == {"before": {"role": "developer", "kind": "group"}}


def test_a_user_who_keeps_his_rights_by_a_group_keeps_his_tokens():
    project = make_project()
    user = make_member(project, Role.DEVELOPER)
    give(project, make_group(user), Role.DEVELOPER)
    change_role(SYSTEM, project, user, Role.GUEST)
    remove_member(SYSTEM, project, user)
    assert epoch(user) == 1
    assert permissions_of(principal(user), ref(project)) == TABLE[Role.DEVELOPER]


def test_a_system_administrator_loses_nothing_with_a_role():
    project, admin = make_project(), make_user(is_admin=True)
    give(project, admin, Role.MAINTAINER)
    remove_member(SYSTEM, project, admin)
    assert epoch(admin) == 1


LEAVING: list[Callable[[Project, Group], object]] = [
    lambda project, group: remove_member(SYSTEM, project, group),
    lambda project, group: change_role(SYSTEM, project, group, Role.MAINTAINER),
]


@pytest.mark.parametrize("leave", LEAVING)
def test_the_last_group_of_project_admins_stays_while_one_of_them_is_active(
    leave: Callable[[Project, Group], object],
):
    project, ann = make_project(), make_user()
    group = make_directory_group(ann, make_user(is_active=False))
    give(project, group, Role.PROJECT_ADMIN)
    with pytest.raises(LastAdministrator, match=f"last project admin of '{project.name}'"):
        leave(project, group)
    assert epoch(ann) == 1
    give(project, make_group(make_user(is_active=False)), Role.PROJECT_ADMIN)
    with pytest.raises(LastAdministrator):
        leave(project, group)
    give(project, make_group(make_user()), Role.PROJECT_ADMIN)
    leave(project, group)


def test_a_user_may_go_when_a_group_with_an_active_person_administers_the_project():
    project = make_project()
    user = make_member(project, Role.PROJECT_ADMIN)
    empty = make_group()
    give(project, empty, Role.PROJECT_ADMIN)
    with pytest.raises(LastAdministrator):
        remove_member(SYSTEM, project, user)
    give(project, make_group(make_user()), Role.PROJECT_ADMIN)
    remove_member(SYSTEM, project, user)


def test_only_project_and_system_admins_make_groups_members():
    project = make_project()
    member = make_group(make_user())
    give(project, member, Role.GUEST)
    for name, actor in people_of(project).all().items():
        attempts: list[Callable[[Principal], object]] = [
            lambda actor: add_member(actor, project, make_group(), Role.GUEST),
            lambda actor: change_role(actor, project, member, Role.LIMITED_GUEST),
            lambda actor: change_role(actor, project, member, Role.GUEST),
        ]
        for attempt in attempts:
            if name in ("admin", "project_admin"):
                attempt(actor)
            else:
                with pytest.raises((Denied, ProjectUnknown)):
                    attempt(actor)


def test_a_project_admin_by_a_group_manages_members():
    project, ann = make_project(), make_user()
    give(project, make_group(ann), Role.PROJECT_ADMIN)
    add_member(principal(ann), project, make_user(), Role.GUEST)


def test_members_are_listed_users_first_in_one_query_however_many(django_assert_num_queries):
    project = make_project()
    names = [make_member(project, Role.GUEST).username for _ in range(3)]
    groups = [make_group() for _ in range(3)]
    for group in groups:
        give(project, group, Role.GUEST)
    people = people_of(make_project())
    with django_assert_num_queries(1):
        listed = [row.user.username if row.user else row.group.name for row in members_of(SYSTEM, project)]  # type: ignore[union-attr]  # one of the two
    assert listed == sorted(names) + sorted(group.name for group in groups)
    with pytest.raises(ProjectUnknown):
        members_of(people.guest, project)


def test_a_group_that_is_no_member_or_no_more_is_told_so():
    project, group = make_project(), make_group()
    with pytest.raises(MemberUnknown):
        change_role(SYSTEM, project, group, Role.GUEST)
    with pytest.raises(MemberUnknown):
        remove_member(SYSTEM, project, group)
    delete_group(SYSTEM, group)
    with pytest.raises(GroupUnknown):
        add_member(SYSTEM, project, group, Role.GUEST)


def test_the_last_admin_by_a_directorys_group_is_not_unlinked() -> None:
    """An administrator's act, unlike what the directory itself takes away."""
    user = make_user()
    Identity.objects.create(user=user, source=Source.LDAP, subject=unique("subject"), name=user.username)
    project = make_project()
    give(project, make_directory_group(user), Role.PROJECT_ADMIN)
    with pytest.raises(LastAdministrator, match="name another one there first"):
        identities.unlink_identity(SYSTEM, user)
    assert Identity.objects.filter(user=user).exists()
    give(project, make_user(), Role.PROJECT_ADMIN)
    identities.unlink_identity(SYSTEM, user)
    assert not Identity.objects.filter(user=user).exists()
