"""A key for some of a person's rights tells nothing of his work elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from access.models import Member
from access.principal import Principal
from access.table import P, Role
from audit.models import AuditEvent
from audit.parts import Result
from audit.reading.filter import Filter
from audit.reading.scope import scope_of
from audit.reading.search import search
from audit.recorder import Event, record
from jobs import queries, services
from projects.queries import ref
from tests import keys
from tests.jobs import demonstration
from tests.people import make_member, make_project, make_user, principal, unique

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds() -> None:
    demonstration.install()


def seen(actor: Principal, name: str, runs: list[int]) -> tuple[set[int | None], set[int | None]]:
    """The projects of the events of that name that the actor sees, and those of the runs, None for the system."""
    events = search(scope_of(actor), Filter(operations=(name,))).entries
    found = queries.visible_runs(actor).filter(pk__in=runs)
    return {each.project_id for each in events}, {each.project_id for each in found}


def test_a_key_shows_what_its_owner_did_where_it_is_for_and_nothing_else():
    here, there, public = make_project(), make_project(), make_project(public=True)
    owner = make_member(here, Role.DEVELOPER)
    for project in (there, public):
        Member.objects.create(project=project, user=owner, role_id=Role.DEVELOPER)
    whole, name, runs = principal(owner), unique("test"), []
    for where in (ref(here), ref(there), ref(public), None):
        record(Event(whole, name, "", Result.OK, where))
        runs.append(services.start("demo.mark", actor=whole, project=where).pk)
    everything = {here.pk, there.pk, public.pk, None}
    assert seen(whole, name, runs) == (everything, everything)
    readable = frozenset({P.REPOSITORY_PULL, P.PROJECT_READ})
    bound = replace(whole, allowances=(keys.in_project(here, readable),), key_id=1)
    assert seen(bound, name, runs) == ({here.pk}, {here.pk})
    in_projects = replace(whole, allowances=(keys.everywhere(readable),), key_id=1)
    assert seen(in_projects, name, runs) == (everything - {None}, everything - {None})
    in_system = replace(whole, allowances=(keys.in_system(frozenset({P.USER_LIST})),), key_id=1)
    assert seen(in_system, name, runs) == (set(), set())
    assert AuditEvent.objects.filter(operation=name).count() == 4


def test_a_robot_sees_its_runs_and_no_log_of_its_acts():
    robot, name = keys.robot(keys.in_system(frozenset({P.USER_LIST}))).principal, unique("test")
    record(Event(robot, name, "", Result.OK, None))
    run = services.start("demo.mark", actor=robot)
    assert seen(robot, name, [run.pk]) == (set(), {None})
    assert seen(principal(make_user()), name, [run.pk]) == (set(), set())
