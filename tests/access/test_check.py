"""Decisions from live roles."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.check import permissions_of, registry_actions, require, visible
from access.principal import ProjectRef
from access.table import TABLE, P, Role, Subject
from accounts.models import User
from core.errors import Denied, ProjectUnknown
from projects.models import Project
from projects.queries import ref
from tests.people import ANONYMOUS, SYSTEM, make_member, make_project, make_user, people_of, principal

pytestmark = pytest.mark.django_db

EXPECTED_PRIVATE = {
    "admin": TABLE[Subject.SYSTEM_ADMIN],
    "auditor": TABLE[Subject.AUDITOR_IN_PROJECT],
    "project_admin": TABLE[Role.PROJECT_ADMIN],
    "maintainer": TABLE[Role.MAINTAINER],
    "developer": TABLE[Role.DEVELOPER],
    "guest": TABLE[Role.GUEST],
    "limited_guest": TABLE[Role.LIMITED_GUEST],
    "outsider": frozenset(),
    "anonymous": frozenset(),
}


def test_everybody_holds_his_row_in_a_private_project():
    project = make_project()
    for name, actor in people_of(project).all().items():
        assert permissions_of(actor, ref(project)) == EXPECTED_PRIVATE[name], name


def test_a_public_project_adds_the_public_row_for_everybody_members_included():
    project = make_project(public=True)
    for name, actor in people_of(project).all().items():
        expected = EXPECTED_PRIVATE[name] | TABLE[Subject.PUBLIC]
        assert permissions_of(actor, ref(project)) == expected, name
    assert P.LABEL_LIST in permissions_of(people_of(project).limited_guest, ref(project))


def test_permissions_cost_one_query():
    project = make_project()
    developer = people_of(project).developer
    with CaptureQueriesContext(
        connection,
    ) as queries:
        permissions_of(developer, ref(project))
    assert len(queries) == 1


def test_a_role_in_one_project_is_worth_nothing_in_another():
    mine, other = make_project(), make_project()
    assert permissions_of(people_of(mine).project_admin, ref(other)) == frozenset()


def test_a_disabled_member_has_no_role_whatever_the_caller_believed():
    project = make_project()
    user = make_member(project, Role.PROJECT_ADMIN)
    actor = principal(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert permissions_of(actor, ref(project)) == frozenset()
    assert list(Project.objects.filter(visible(actor), pk=project.pk)) == []


def test_an_unknown_role_number_in_the_table_grants_nothing():
    project = make_project()
    user = make_member(project, Role.GUEST)
    user.memberships.update(role_id=100)
    assert permissions_of(principal(user), ref(project)) == frozenset()


def test_a_guest_is_denied_a_push_and_told_which_role_it_needs():
    project = make_project()
    with pytest.raises(Denied, match=f"{project.name}.*repository:push needs the role developer"):
        require(people_of(project).guest, P.REPOSITORY_PUSH, ref(project))


def test_an_outsider_cannot_tell_a_private_project_from_none():
    project = make_project()
    outsider = people_of(project).outsider
    never_existed = ProjectRef(project.pk + 10_000_000, project.name, public=False)
    messages = set()
    for reference in (ref(project), never_existed):
        with pytest.raises(ProjectUnknown) as refusal:
            require(outsider, P.REPOSITORY_PULL, reference)
        messages.add((refusal.value.message, str(refusal.value.detail)))
    assert len(messages) == 1


def test_an_auditor_pulls_public_but_not_private_content():
    private, public = make_project(), make_project(public=True)
    auditor = principal(make_user("auditor", is_auditor=True))
    with pytest.raises(Denied):
        require(auditor, P.REPOSITORY_PULL, ref(private))
    require(auditor, P.REPOSITORY_PULL, ref(public))


def test_a_project_role_holds_nothing_of_the_system():
    project_admin = people_of(make_project()).project_admin
    for permission in (
        P.ROBOT_CREATE,
        P.LABEL_CREATE,
        P.CONFIGURATION_READ,
        P.PROJECT_DELETE,
        P.QUOTA_UPDATE,
    ):
        with pytest.raises(Denied):
            require(project_admin, permission, None)


def test_an_auditor_reads_the_audit_log_but_not_the_system_configuration():
    auditor = principal(make_user("auditor", is_auditor=True))
    require(auditor, P.AUDIT_LOG_LIST, None)
    with pytest.raises(Denied):
        require(auditor, P.CONFIGURATION_READ, None)


def test_the_command_line_is_a_system_administrator():
    require(SYSTEM, P.USER_CREATE, None)
    require(SYSTEM, P.PROJECT_DELETE, ref(make_project()))


def test_registry_actions_follow_role_and_visibility():
    project = make_project(public=True)
    people = people_of(project)
    assert registry_actions(people.maintainer, ref(project)) == {"pull", "push", "delete"}
    assert registry_actions(people.developer, ref(project)) == {"pull", "push"}
    assert registry_actions(people.guest, ref(project)) == {"pull"}
    assert registry_actions(ANONYMOUS, ref(project)) == {"pull"}
    assert registry_actions(ANONYMOUS, replace(ref(project), public=False)) == frozenset()


def test_visible_lists_exactly_the_projects_that_hold_the_permission():
    mine, foreign, public = make_project(), make_project(), make_project(public=True)
    all_ids = [mine.pk, foreign.pk, public.pk]
    people = people_of(mine)
    for actor in people.all().values():
        for permission in (P.PROJECT_READ, P.REPOSITORY_PULL, P.REPOSITORY_PUSH, P.LOG_LIST, P.MEMBER_LIST):
            listed = set(Project.objects.filter(visible(actor, permission), pk__in=all_ids))
            held = {one for one in (mine, foreign, public) if permission in permissions_of(actor, ref(one))}
            assert listed == held, (actor.name, permission)
