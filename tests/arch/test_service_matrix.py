"""Every service x every kind of caller: let in, with one event, or refused, with nothing changed and the refusal recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from audit import denials
from audit.models import AuditEvent
from core.errors import ConfirmationNeeded, Denied, NotFound, ProjectUnknown, WharfError
from database import sql
from tests.arch import event_shapes
from tests.arch.callers import KINDS, Scene, principal_of
from tests.arch.services import own, pins
from tests.arch.services.found import found
from tests.arch.services.matrix import MATRIX
from tests.arch.services.row import KNOWING, Refusal, Row

OWN_ROWS = [row for rows in (own.ROWS | pins.ROWS).values() for row in rows]
# What the open transaction has written so far, also where it was taken back.
_WRITTEN = """
    SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables
    WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND relname NOT LIKE 'audit%%' ORDER BY relname
"""


@dataclass
class World:
    """A scene and somebody of each kind, made once; what a test does to them is taken back."""

    scene: Scene
    people: dict[str, Any]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        from artifacts.storage import store

        store().prepare()
        scene = Scene()
        yield World(scene, {kind: principal_of(kind, scene) for kind in KINDS})
        transaction.set_rollback(True)


def test_every_service_has_its_rows() -> None:
    assert {"without a row": found() - set(MATRIX)} == {"without a row": set()}


def test_every_row_is_of_a_service() -> None:
    """Two of them hide what may not be seen instead of refusing it."""
    hiding = {"projects/queries.py:project_by_name"}
    assert set(MATRIX) - found() - hiding == set()


def _rows() -> Iterator[Any]:
    for name, rows in MATRIX.items():
        for number, row in enumerate(rows, 1):
            yield pytest.param(row, id=name if len(rows) == 1 else f"{name} {number}")


@pytest.mark.parametrize("row", list(_rows()))
def test_callers_get_what_the_table_of_rights_gives(
    world: World, row: Row, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock():
        got = {kind: _got(world, row, kind) for kind in KINDS}
    wanted = {kind: _wanted(row, kind) for kind in KINDS}
    assert {kind: got[kind] for kind in KINDS if got[kind] != wanted[kind]} == {}, {
        kind: wanted[kind] for kind in KINDS if got[kind] != wanted[kind]
    }


@dataclass(frozen=True)
class Outcome:
    """What was raised ("" for nothing), (result, operation) of the events, whether anything else was written by a refused
    act or an auditor, and what the events tell wrong."""

    raised: str
    events: tuple[tuple[str, str], ...]
    changed: bool = False
    flaws: tuple[str, ...] = ()


def _got(world: World, row: Row, kind: str) -> Outcome:
    """What the service makes of that caller; taken back afterwards."""
    scene, actor, raised = world.scene, world.people[kind], ""
    denials._after_fork()  # counts of refusals begin anew, so that no flood hides one
    with transaction.atomic():
        prepared = row.given(scene, actor)
        before, last = sql.rows(_WRITTEN), _last_event()
        try:
            row.call(scene, actor, prepared)
        except WharfError as error:
            raised = "NotFound" if _is_hiding(error) else type(error).__name__
        written = list(AuditEvent.objects.filter(id__gt=last).order_by("id"))
        # The row of the job that makes his file is all an auditor's export leaves.
        his = row in OWN_ROWS or row.event == "audit.export-start"
        may_write = not raised and (kind != "auditor" or his)
        changed = not may_write and sql.rows(_WRITTEN) != before
        transaction.set_rollback(True)
    events = tuple((event.result, event.operation) for event in written)
    told_wrong = tuple(flaw for event in written for flaw in event_shapes.flaws(event, row.actor or actor))
    return Outcome(raised, events, changed, told_wrong)


def _is_hiding(error: WharfError) -> bool:
    """Whether it tells of something that is not there, other than a project."""
    return isinstance(error, NotFound) and not isinstance(error, ProjectUnknown)


def _wanted(row: Row, kind: str) -> Outcome:
    expected = _expected(row, kind)
    named = expected.__name__ if expected else ""
    return Outcome(named, _expected_events(row, kind, expected))


def _expected(row: Row, kind: str) -> type[Exception] | None:
    """What is raised; None where it is done."""
    if kind in row.allowed:
        return ConfirmationNeeded if kind == "stale" and row.confirmed else row.ends
    if kind == "stale" and row.confirmed and not row.allowed:
        return ConfirmationNeeded  # before it is looked at whose account it is
    if row.refusal is Refusal.HIDDEN_PROJECT:
        return ProjectUnknown
    if kind in row.knowing:
        return Denied
    if row.refusal is Refusal.HIDDEN or kind in row.elsewhere:
        return NotFound
    return Denied if row.refusal is Refusal.IN_SYSTEM or kind in KNOWING else ProjectUnknown


def _expected_events(row: Row, kind: str, expected: type[Exception] | None) -> tuple[tuple[str, str], ...]:
    """(result, operation) of the events."""
    if expected is None:
        return (("ok", row.event),) if row.event else ()
    is_refused = kind not in row.allowed and row.recorded and expected in (Denied, ProjectUnknown)
    is_refused &= row.refusal is not Refusal.HIDDEN_PROJECT
    return (("denied", row.event),) if is_refused else ()


def _last_event() -> int:
    return AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0
