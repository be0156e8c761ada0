"""How PostgreSQL finds pages of a year: by an index that has them in order; and what it does not find in time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from access.principal import ActorKind
from audit.parts import Result
from audit.reading import limits
from audit.reading.filter import Filter
from audit.reading.parsing import address, operations
from audit.reading.scope import Own, Scope
from audit.reading.search import count, search
from audit.streams import Stream
from core.errors import SearchTooLong
from database import sql
from tests import session
from tests.audit.entries import ALL, YEAR
from tests.audit.sealing import Log, django_on, superuser_of

MONTHS, ROWS = 12, 40_000
ADD = """
    SELECT audit_add_partition('audit_event', 'audit_event_' || to_char(first, 'YYYY"m"MM'), first AT TIME ZONE 'UTC',
      (first + interval '1 month') AT TIME ZONE 'UTC')
    FROM generate_series(date_trunc('month', now() AT TIME ZONE 'UTC') - interval '12 months',
      date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month', interval '1 month') first
"""
FILL = """
    INSERT INTO audit_event (ts, actor_kind, actor_id, actor_name, auth, ip, request_id, operation, resource_type,
      resource_name, project_id, result)
    SELECT now() - (%(rows)s::integer - n) * (interval '364 days' / %(rows)s::integer),
      CASE WHEN n %% 9999 = 0 THEN 'system' WHEN n %% 3 = 0 THEN 'user' ELSE 'robot' END, n %% 997, 'User' || n %% 997, 'token',
      ('10.' || n %% 7 || '.' || n %% 200 || '.' || n %% 251)::inet, md5(n::text),
      CASE WHEN n %% 9999 = 0 THEN 'signing-key.create' WHEN n %% 2 = 0 THEN 'artifact.push' ELSE 'tag.create' END,
      CASE WHEN n %% 9999 = 0 THEN 'signing-key' WHEN n %% 2 = 0 THEN 'artifact' ELSE 'tag' END,
      'p' || n %% 397 || '/r' || n %% 1009 || ':v' || n %% 50, n %% 397, CASE WHEN n %% 500 = 0 THEN 'denied' ELSE 'ok' END
    FROM generate_series(1, %(rows)s::integer) n
"""
EVENTS = frozenset([Stream.EVENTS])
# No filter, each alone, and some that hardly anything meets.
FILTERS: Final[dict[str, dict[str, Any]]] = {
    "nothing": {},
    "actor": {"actor": "USER7"},
    "an actor nobody is": {"actor": "nobody"},
    "kind": {"actor_kind": ActorKind.SYSTEM},
    "operation": {"operations": ("tag.create",)},
    "rare operations": {"operations": operations(["signing-key.*", "user.*"])},
    "type": {"resource_type": "signing-key"},
    "prefix": {"resource": "p7/r7"},
    "no such prefix": {"resource": "zzz"},
    "name": {"resource_exact": "p7/r7:v7"},
    "project": {"project_ids": (7,)},
    "projects": {"project_ids": (7, 8, 9)},
    "denied": {"result": Result.DENIED},
    "failed": {"result": Result.FAILED},
    "not ok": {"not_ok": True},
    "address": {"address": address("10.3.10.10")},
    "network": {"address": address("10.3.10.0/24")},
    "request": {"request_id": "c4ca4238a0b923820dcc509a6f75849b"},
}


@pytest.fixture(scope="module")
def year(
    services: Path, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Log]:
    """A database of its own with a year of events in twelve partitions and more."""
    session.make_database(services, "own_reading")
    url = f"postgresql://wharf_app@/own_reading?host={services / 'run'}"
    with django_db_blocker.unblock(), django_on(url), superuser_of(url) as admin:
        log = Log(url, tmp_path_factory.mktemp("log"), admin)
        admin.execute(ADD)
        admin.execute(FILL, {"rows": ROWS})
        admin.execute("VACUUM ANALYZE audit_event")
        yield log


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Plans of the statements that follow, with what was done."""
    told: list[str] = []
    rows = sql.rows

    def explained(statement: str, params: sql.Params = ()) -> list[sql.Row]:
        lines = rows(f"EXPLAIN (ANALYZE, TIMING off) {statement}", params)
        told.append("\n".join(str(line[0]) for line in lines))
        return rows(statement, params)

    monkeypatch.setattr(sql, "rows", explained)
    return told


@pytest.mark.parametrize("name", FILTERS)
def test_a_page_of_a_year_reads_about_as_much_as_it_shows(year: Log, plans: list[str], name: str):
    wanted = replace(YEAR.of(streams=EVENTS), **FILTERS[name])
    page = search(ALL, wanted)
    read_little(plans[-1])
    if page.next is not None:
        search(ALL, wanted, after=page.next)
        read_little(plans[-1])


@pytest.mark.parametrize(
    "scope",
    [Scope(project_ids=(7,)), Scope(own=Own("user", 9)), Scope(project_ids=(7, 8), own=Own("user", 9))],
    ids=["a project", "own acts", "both"],
)
def test_so_does_a_page_of_what_somebody_may_see(year: Log, plans: list[str], scope: Scope):
    search(scope, YEAR.of(streams=EVENTS))
    read_little(plans[-1])


def read_little(plan: str) -> None:
    """A month has some 3,300 rows. What was not executed, and months to come, say nothing."""
    for line in plan.splitlines():
        if found := re.search(r"Seq Scan on audit_event\w* .*actual rows=([\d.]+)", line):
            assert float(found[1]) == 0, plan
        if found := re.search(r"(?:Sort  |Scan ).*actual rows=([\d.]+)", line):
            assert float(found[1]) <= 1000, plan
        if found := re.search(r"Rows Removed by (?:Filter|Index Recheck): (\d+)", line):
            assert int(found[1]) <= 1500, plan


def test_a_search_that_waits_too_long_is_ended_with_advice(year: Log, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "SET", limits.SET.replace(f"'{limits.SECONDS}s'", "'300ms'"))
    newest = sql.value("SELECT tableoid::regclass FROM audit_event ORDER BY ts DESC LIMIT 1")
    with year.admin.transaction():
        year.admin.execute(f"LOCK TABLE {newest} IN ACCESS EXCLUSIVE MODE")
        for ask in (search, count):
            began = time.monotonic()
            with pytest.raises(SearchTooLong, match="shorter time"):
                ask(ALL, Filter())
            assert time.monotonic() - began < 5
    assert search(ALL, Filter()).entries


def test_the_limits_of_a_search_end_with_it(year: Log):
    search(ALL, Filter())
    assert sql.value("SELECT current_setting('statement_timeout')") == "0"
    with transaction.atomic():
        search(ALL, Filter())
        assert sql.value("SELECT current_setting('statement_timeout')") == "0"
        assert sql.value("SELECT current_setting('enable_hashjoin')") == "on"
    assert not connection.in_atomic_block
