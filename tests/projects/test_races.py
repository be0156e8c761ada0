"""Two people at once, in transactions that really commit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from access.models import Member
from access.table import Role
from accounts.models import User
from accounts.services.users import create_user, disable_user, set_admin
from audit.models import AuditEvent
from core.errors import AlreadyExists, LastAdministrator
from projects.models import Project
from projects.services.members import change_role, remove_member
from projects.services.projects import create_project
from tests.people import SYSTEM, make_member, make_project, make_user, unique
from tests.projects.races import at_once

ROUNDS = 5


@pytest.fixture(autouse=True)
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rows stay behind; their names are unique."""
    with django_db_blocker.unblock():
        yield
        connection.close()


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_two_project_admins_cannot_leave_at_the_same_time(_round: int):
    project = make_project()
    first, second = make_member(project, Role.PROJECT_ADMIN), make_member(project, Role.PROJECT_ADMIN)
    raised = at_once(
        lambda: remove_member(SYSTEM, project, first),
        lambda: change_role(SYSTEM, project, second, Role.GUEST),
    )
    assert sorted(raised, key=str) == [LastAdministrator, None]
    assert Member.objects.filter(project=project, role_id=Role.PROJECT_ADMIN).count() == 1


@pytest.fixture
def no_other_admins() -> Iterator[None]:
    others = list(User.objects.filter(is_admin=True).values_list("pk", flat=True))
    User.objects.filter(pk__in=others).update(is_admin=False)
    yield
    User.objects.filter(is_admin=True).update(is_admin=False)
    User.objects.filter(pk__in=others).update(is_admin=True)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_two_administrators_cannot_leave_at_the_same_time(no_other_admins: None, _round: int):
    first, second = make_user(is_admin=True), make_user(is_admin=True)
    raised = at_once(lambda: disable_user(SYSTEM, first), lambda: set_admin(SYSTEM, second, False))
    assert sorted(raised, key=str) == [LastAdministrator, None]
    assert User.objects.filter(is_admin=True, is_active=True).count() == 1


def test_one_name_goes_to_one_of_many_who_want_it():
    user_name, project_name = unique("ann"), unique("team")
    users = at_once(*[lambda: create_user(SYSTEM, user_name, password="correct horse")] * 6)
    projects = at_once(*[lambda: create_project(SYSTEM, project_name)] * 6)
    for raised in (users, projects):
        assert raised.count(None) == 1
        assert raised.count(AlreadyExists) == 5
    assert Project.objects.filter(name=project_name).count() == 1
    assert AuditEvent.objects.filter(resource_name__in=[user_name, project_name], result="ok").count() == 2
