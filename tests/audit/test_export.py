"""A streamed export: what it holds, who may have it, what it leaves behind, and that it ends with its reader."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from access.principal import ActorKind, Principal
from access.table import Role
from audit.export import exporting
from audit.export.exporting import AT_ONCE, LARGEST_STREAM, Stream, TooLarge, Wish, stream
from audit.export.formats import Format
from audit.models import AuditEvent
from audit.reading.filter import Filter
from core.errors import Denied, Unavailable
from tests.audit.sealing import Log
from tests.people import ANONYMOUS, SYSTEM, make_member, make_project, make_user, principal
from wharf import instance

MANY = """
    INSERT INTO audit_event (actor_kind, actor_id, actor_name, auth, ip, agent, request_id, operation, permission,
      resource_type, resource_id, resource_name, project_id, result, detail, ts)
    SELECT 'user', n %% 50, 'person-' || n %% 50, 'session', '10.0.0.1', 'docker/28.1.0 go/1.24 os/linux', 'request-' || n,
      'test.many', 'tag:delete', 'tag', n, 'library/app-' || n %% 100 || ':v1', n %% 20, 'ok',
      jsonb_build_object('before', jsonb_build_object('digest', 'sha256:' || n), 'n', n),
      now() - interval '1 h' + n * interval '1 ms'
    FROM generate_series(1, %s) n
"""
READING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"


@pytest.fixture(autouse=True)
def places_come_back() -> Iterator[None]:
    """Every stream of every test gives its place back."""
    yield
    assert exporting._places.taken() == 0


def exported(by: Principal, **said: Any) -> list[dict[str, Any]]:
    """The entries of a whole export."""
    own = said.pop("own", False)
    found = stream(by, Wish(Filter(**said), Format.JSONL, own))
    try:
        return [json.loads(line) for line in b"".join(found).splitlines()]
    finally:
        found.close()


def act(actor: Principal, project_id: int | None = None, name: str = "tag.delete") -> None:
    AuditEvent.objects.create(
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        auth="session",
        operation=name,
        project_id=project_id,
        result="ok",
        detail={"by": actor.name},
    )


def test_an_export_holds_what_the_search_finds_the_oldest_first(log: Log):
    log.admin.execute(MANY, [30])
    found = exported(SYSTEM, operations=("test.many",), actor="PERSON-7")
    assert [each["detail"]["n"] for each in found] == [7]
    found = exported(SYSTEM, operations=("test.many",))
    assert [each["detail"]["n"] for each in found] == list(range(1, 31))
    assert found[0]["resource_name"] == "library/app-1:v1"


def test_an_export_is_an_event_with_its_filter_and_how_much_it_held(log: Log):
    log.admin.execute(MANY, [30])
    exported(SYSTEM, operations=("test.many",), actor="person-7")
    event = AuditEvent.objects.get(operation="audit.export")
    told = event.detail["after"]
    assert (event.resource_type, told["rows_found"], told["format"]) == ("audit-log", 1, "jsonl")
    assert {name: told["filter"][name] for name in ("operations", "actor")} == {
        "operations": ["test.many"],
        "actor": "person-7",
    }
    assert told["filter"]["since"] < told["filter"]["until"]  # what was left open is said as well


def test_what_happens_after_it_was_asked_for_is_not_in_it(log: Log):
    log.admin.execute(MANY, [3])
    found = stream(SYSTEM, Wish(Filter(), Format.JSONL))
    act(SYSTEM, name="later")
    lines = [json.loads(line) for line in b"".join(found).splitlines()]
    found.close()
    assert {each["operation"] for each in lines}.isdisjoint({"later", "audit.export"})
    assert len([each for each in lines if each["operation"] == "test.many"]) == 3


def test_everybody_exports_what_he_may_read_and_no_more(log: Log):
    project, other = make_project(), make_project()
    admin_of_it = principal(make_member(project, Role.PROJECT_ADMIN))
    developer = principal(make_member(project, Role.DEVELOPER))
    auditor = principal(make_user("auditor", is_auditor=True))
    for place in (project.pk, other.pk, None):
        act(SYSTEM, place)
    act(developer, project.pk)
    wanted: dict[str, Any] = {"operations": ("tag.delete",)}

    def places(actor: Principal, **more: Any) -> list[Any]:
        return [each["project_id"] for each in exported(actor, **wanted, **more)]

    assert len(places(auditor)) == len(places(SYSTEM)) == 4
    assert places(admin_of_it) == [project.pk] * 2
    assert places(developer) == places(developer, own=True) == [project.pk]
    assert places(admin_of_it, own=True) == []


def test_who_may_not_read_it_gets_no_export_and_the_refusal_is_recorded(log: Log):
    for actor in (ANONYMOUS, replace(principal(make_user()), grants={})):
        with pytest.raises(Denied):
            stream(actor, Wish(Filter()))
    recorded = AuditEvent.objects.filter(operation="audit.export", result="denied")
    assert recorded.count() == 2


def test_more_than_may_be_streamed_is_refused_with_the_way_out_and_no_event(log: Log):
    log.admin.execute(MANY, [LARGEST_STREAM + 1])
    log.admin.execute("VACUUM ANALYZE audit_event")
    with pytest.raises(TooLarge, match="wharf audit export --job"):
        stream(SYSTEM, Wish(Filter(operations=("test.many",))))
    assert not AuditEvent.objects.filter(operation="audit.export").exists()
    found = stream(SYSTEM, Wish(Filter(operations=("test.many",))), most=None)
    before = _resident()
    rows = sum(piece.count(b"\r\n") for piece in found)
    grown = _resident() - before
    found.close()
    assert rows == LARGEST_STREAM + 2  # and the names of the columns
    assert grown < 30 << 20
    assert (
        AuditEvent.objects.get(operation="audit.export").detail["after"]["rows_found"]
        == f"more than {LARGEST_STREAM}"
    )


def test_a_reader_who_leaves_ends_the_query(log: Log):
    log.admin.execute(MANY, [20_000])
    found = stream(SYSTEM, Wish(Filter()))
    next(found)  # the names of the columns
    next(found)
    assert _reading(log) == 1
    found.close()
    _wait_until_none_reads(log)


def test_an_export_nobody_began_to_read_leaves_nothing_behind(log: Log):
    stream(SYSTEM, Wish(Filter())).close()
    assert _reading(log) == 0


def test_so_many_at_once_and_no_more(log: Log):
    log.admin.execute(MANY, [2_000])
    people = [principal(make_user(f"person-{n}", is_auditor=True)) for n in range(AT_ONCE)]
    held: list[Stream] = [stream(each, Wish(Filter())) for each in people]
    with pytest.raises(Unavailable, match="try again"):
        stream(SYSTEM, Wish(Filter()))
    held.pop().close()
    with pytest.raises(Unavailable, match="of yours"):
        stream(people[0], Wish(Filter()))
    stream(SYSTEM, Wish(Filter())).close()
    for each in held:
        each.close()
        each.close()  # twice is once


def test_the_database_of_an_installation_has_room_for_all_streams() -> None:
    assert instance.STREAMS == AT_ONCE


def test_who_reads_for_too_long_loses_his_place(log: Log, monkeypatch: pytest.MonkeyPatch):
    log.admin.execute(MANY, [2_000])
    monkeypatch.setattr(exporting, "LONGEST", 0.0)
    slow = stream(SYSTEM, Wish(Filter()))
    with pytest.raises(Unavailable, match="ten minutes"):
        next(slow)
    monkeypatch.undo()
    stopped = stream(SYSTEM, Wish(Filter()))
    next(stopped)
    next(stopped)
    stopped._place.deadline = 0.0  # its reader reads no more
    again = stream(SYSTEM, Wish(Filter()))
    assert _reading(log) == 0
    again.close()
    with pytest.raises(Unavailable):
        next(stopped)


def test_a_robot_exports_with_the_right_to_the_log(log: Log):
    robot = Principal(ActorKind.ROBOT, 1, "robot$watcher", allowances=())
    act(SYSTEM)
    assert exported(robot, operations=("tag.delete",)) == []  # its own acts alone: it has no right


def _reading(log: Log) -> int:
    row = log.admin.execute(READING).fetchone()
    assert row is not None
    return int(row[0])


def _wait_until_none_reads(log: Log) -> None:
    begun = time.monotonic()
    while _reading(log):
        assert time.monotonic() - begun < 5
        time.sleep(0.05)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
