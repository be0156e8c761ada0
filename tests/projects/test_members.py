from __future__ import annotations

from collections.abc import Callable

import pytest

from access.check import permissions_of
from access.models import Member
from access.principal import Principal
from access.table import TABLE, Role
from accounts.models import User
from audit.models import AuditEvent
from core.errors import AlreadyExists, Denied, LastAdministrator, MemberUnknown, ProjectUnknown
from projects.models import Project
from projects.queries import members_of, ref
from projects.services.members import add_member, change_role, remove_member
from projects.services.projects import delete_project
from tests.people import SYSTEM, make_member, make_project, make_user, people_of, principal

pytestmark = pytest.mark.django_db


def epoch(user: User) -> int:
    return User.objects.get(pk=user.pk).auth_epoch


def last_event(project: Project) -> AuditEvent:
    return AuditEvent.objects.filter(project_id=project.pk).order_by("-id")[0]


def test_a_new_member_holds_his_role_at_once_and_keeps_his_tokens():
    project, user = make_project(), make_user()
    member = add_member(SYSTEM, project, user, Role.DEVELOPER)
    assert permissions_of(principal(user), ref(project)) == TABLE[Role.DEVELOPER]
    assert (member.created_by_name, epoch(user)) == ("tests", 1)
    event = last_event(project)
    assert (event.operation, event.resource_name) == ("member.create", user.username)
    assert event.detail == {"after": {"role": "developer"}}


def test_a_user_is_a_member_once():
    project, user = make_project(), make_user()
    add_member(SYSTEM, project, user, Role.GUEST)
    with pytest.raises(AlreadyExists, match=user.username):
        add_member(SYSTEM, project, user, Role.MAINTAINER)
    assert Member.objects.get(project=project, user=user).role_id == Role.GUEST


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        (Role.MAINTAINER, Role.DEVELOPER, 1),
        (Role.GUEST, Role.LIMITED_GUEST, 1),
        (Role.DEVELOPER, Role.MAINTAINER, 0),
        (Role.GUEST, Role.PROJECT_ADMIN, 0),
        (Role.GUEST, Role.GUEST, 0),
    ],
)
def test_only_a_lowered_role_ends_the_users_tokens(old: Role, new: Role, moved: int):
    project = make_project()
    user = make_member(project, old)
    assert change_role(SYSTEM, project, user, new).role_id == new
    assert epoch(user) == 1 + moved


def test_a_changed_role_is_recorded_with_both_roles_and_an_unchanged_one_not():
    project = make_project()
    user = make_member(project, Role.GUEST)
    change_role(SYSTEM, project, user, Role.MAINTAINER)
    assert last_event(project).detail == {"before": {"role": "guest"}, "after": {"role": "maintainer"}}
    before = AuditEvent.objects.filter(project_id=project.pk).count()
    change_role(SYSTEM, project, user, Role.MAINTAINER)
    assert AuditEvent.objects.filter(project_id=project.pk).count() == before


def test_a_removed_member_has_nothing_left():
    project = make_project()
    user = make_member(project, Role.MAINTAINER)
    remove_member(SYSTEM, project, user)
    assert permissions_of(principal(user), ref(project)) == frozenset()
    assert epoch(user) == 2
    assert last_event(project).detail == {"before": {"role": "maintainer"}}


@pytest.mark.parametrize(
    "leave",
    [
        lambda project, user: remove_member(SYSTEM, project, user),
        lambda project, user: change_role(SYSTEM, project, user, Role.MAINTAINER),
    ],
)
def test_the_last_active_project_admin_stays(leave: Callable[[Project, User], object]):
    project = make_project()
    last, disabled = make_member(project, Role.PROJECT_ADMIN), make_member(project, Role.PROJECT_ADMIN)
    User.objects.filter(pk=disabled.pk).update(is_active=False)
    with pytest.raises(LastAdministrator):
        leave(project, last)
    assert epoch(last) == 1
    make_member(project, Role.PROJECT_ADMIN)
    leave(project, last)
    assert epoch(last) == 2


def test_only_project_and_system_admins_change_members():
    project = make_project()
    member = make_member(project, Role.GUEST)
    for name, actor in people_of(project).all().items():
        attempts: list[Callable[[Principal], object]] = [
            lambda actor: add_member(actor, project, make_user(), Role.GUEST),
            lambda actor: change_role(actor, project, member, Role.LIMITED_GUEST),
            lambda actor: change_role(actor, project, member, Role.GUEST),
        ]
        for attempt in attempts:
            if name in ("admin", "project_admin"):
                attempt(actor)
            else:
                with pytest.raises((Denied, ProjectUnknown)):
                    attempt(actor)


def test_who_may_list_members():
    project = make_project()
    may = set()
    for name, actor in people_of(project).all().items():
        try:
            assert members_of(actor, project).count() == 5
            may.add(name)
        except (Denied, ProjectUnknown):
            continue
    assert may == {"admin", "auditor", "project_admin", "maintainer", "developer", "guest"}


def test_who_is_no_member_cannot_be_changed_or_removed():
    project, user = make_project(), make_user()
    with pytest.raises(MemberUnknown):
        change_role(SYSTEM, project, user, Role.GUEST)
    with pytest.raises(MemberUnknown):
        remove_member(SYSTEM, project, user)


def test_a_deleted_project_takes_no_members():
    project = make_project()
    delete_project(SYSTEM, project)
    with pytest.raises(ProjectUnknown):
        add_member(SYSTEM, project, make_user(), Role.GUEST)
