"""A user holds what his own role and the roles of all his groups hold, together: in decisions and in every list."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.check import member_projects, permissions_of, registry_actions, require, visible
from access.principal import Principal
from access.table import ROLES_BY_POWER, TABLE, P, Role, Subject
from accounts.models import User
from artifacts.queries import catalog_page
from audit.reading.filter import Filter
from audit.reading.scope import scope_of
from audit.reading.search import count
from core.errors import ProjectUnknown
from jobs.models import Run
from jobs.queries import visible_runs
from projects.models import Project
from projects.queries import ref, visible_projects
from tests.groups import give, make_directory_group, make_group
from tests.people import make_project, make_user, principal

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


def through_group(project: Project, role: Role) -> Principal:
    user = make_user()
    give(project, make_group(user), role)
    return principal(user)


@pytest.mark.parametrize("role", list(Role))
def test_everybody_in_a_group_holds_its_role(project: Project, role: Role):
    actor = through_group(project, role)
    assert permissions_of(actor, ref(project)) == TABLE[role]
    assert list(visible_projects(actor).filter(public=False)) == [project]


@pytest.mark.parametrize("own", list(Role))
@pytest.mark.parametrize("group", list(Role))
def test_the_own_role_and_the_groups_count_together(project: Project, own: Role, group: Role):
    user = make_user()
    give(project, user, own)
    give(project, make_group(user), group)
    assert permissions_of(principal(user), ref(project)) == TABLE[own] | TABLE[group]


def test_two_groups_count_together_and_with_the_public(project: Project):
    user = make_user()
    give(project, make_group(user), Role.LIMITED_GUEST)
    give(project, make_directory_group(user), Role.DEVELOPER)
    Project.objects.filter(pk=project.pk).update(public=True)
    project.refresh_from_db()
    expected = TABLE[Role.LIMITED_GUEST] | TABLE[Role.DEVELOPER] | TABLE[Subject.PUBLIC]
    assert permissions_of(principal(user), ref(project)) == expected


def test_the_union_costs_one_query_however_many_groups(project: Project):
    user = make_user()
    for role in ROLES_BY_POWER * 4:
        give(project, make_group(user), role)
    with CaptureQueriesContext(connection) as queries:
        assert registry_actions(principal(user), ref(project)) == {"pull", "push", "delete"}
    assert len(queries) == 1


def test_who_is_not_in_the_group_gets_nothing(project: Project):
    give(project, make_group(make_user()), Role.PROJECT_ADMIN)
    outsider = principal(make_user())
    with pytest.raises(ProjectUnknown):
        require(outsider, P.REPOSITORY_PULL, ref(project))
    assert not Project.objects.filter(visible(outsider), pk=project.pk).exists()


def test_a_disabled_user_has_nothing_through_a_group(project: Project):
    actor = through_group(project, Role.MAINTAINER)
    User.objects.filter(pk=actor.id).update(is_active=False)
    assert permissions_of(actor, ref(project)) == frozenset()
    assert list(Project.objects.filter(pk__in=member_projects(actor, P.PROJECT_READ))) == []


def test_a_group_of_one_project_is_worth_nothing_in_another(project: Project):
    other = make_project()
    actor = through_group(project, Role.PROJECT_ADMIN)
    assert permissions_of(actor, ref(other)) == frozenset()


def test_every_list_goes_by_groups_too(project: Project):
    """Catalog, jobs, audit events and projects: what a role gives a member it gives everybody in a group."""
    from artifacts.models import Repository

    Repository.objects.create(project=project, name=f"{project.name}/app", visible_at="2026-01-01T00:00Z")
    Run.objects.create(kind="test.kind", queue="test", state="succeeded", project_id=project.pk, actor_id=0)
    seen = {
        role: _lists(through_group(project, role), project)
        for role in (Role.PROJECT_ADMIN, Role.MAINTAINER, Role.GUEST)
    }
    assert seen == {
        Role.PROJECT_ADMIN: (True, True, True),
        Role.MAINTAINER: (True, True, False),
        Role.GUEST: (True, False, False),
    }
    assert _lists(principal(make_user()), project) == (False, False, False)


def _lists(actor: Principal, project: Project) -> tuple[bool, bool, bool]:
    """Whether (catalog, jobs, events) show something of the project."""
    return (
        f"{project.name}/app" in catalog_page(actor, last="", limit=1000),
        visible_runs(actor).filter(project_id=project.pk).exists(),
        count(scope_of(actor), Filter(project_ids=(project.pk,))).n > 0,
    )
