"""How the audit log is read at 10,000,000 events beside 10,000: pages by each filter, an export, and the drop of a month.

Both databases are on one PostgreSQL of their own. Pages are asked for in turn, with other values each time.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from audit.reading.filter import Filter

SMALL: Final = 10_000
ROUNDS: Final = 5
EACH: Final = 10
WORST: Final = 10.0
LEAST_RATE, MOST_GROWTH = 15_000, 60.0
YEAR = timedelta(days=365)

Wanted = Callable[[random.Random], "Filter"]


def filters() -> dict[str, Wanted]:
    """The page people see first, and each filter alone over a year: values that many events have, few, and none."""
    from access.principal import ActorKind
    from audit.parts import Result
    from audit.reading.filter import Filter
    from tests.bench.audit_rows import PEOPLE, PROJECTS

    since = datetime.now(UTC) - YEAR

    def year(**given: object) -> Filter:
        return Filter(since=since, **given)  # type: ignore[arg-type]

    return {
        "7 days, no filter": lambda _: Filter(),
        "a year, no filter": lambda _: year(),
        "actor by name": lambda dice: year(actor=f"Person-{dice.randrange(PEOPLE)}"),
        "actor by id": lambda dice: year(actor_kind=ActorKind.USER, actor_id=dice.randrange(PEOPLE)),
        "actor kind": lambda _: year(actor_kind=ActorKind.ROBOT),
        "actor kind, none": lambda _: year(actor_kind=ActorKind.SYSTEM),
        "operation": lambda _: year(operations=("tag.create",)),
        "operation, rare": lambda _: year(operations=("project.delete",)),
        "operations, some": lambda _: year(operations=("tag.create", "tag.delete", "project.delete")),
        "resource type": lambda _: year(resource_type="artifact"),
        "resource type, rare": lambda _: year(resource_type="project"),
        "resource by prefix": lambda dice: year(resource=f"project-{dice.randrange(PROJECTS)}/"),
        "resource, none": lambda dice: year(resource=f"nothing-{dice.randrange(100)}"),
        "project": lambda dice: year(project_ids=(dice.randrange(PROJECTS),)),
        "projects, some": lambda dice: year(project_ids=tuple(dice.sample(range(PROJECTS), 10))),
        "result ok": lambda _: year(result=Result.OK),
        "result denied": lambda _: year(result=Result.DENIED),
        "result failed, none": lambda _: year(result=Result.FAILED),
        "address": lambda dice: year(address=ip_network(f"10.0.{dice.randrange(8)}.{dice.randrange(250)}")),
        "network": lambda dice: year(
            address=ip_network(f"10.0.{dice.randrange(8)}.{16 * dice.randrange(16)}/28")
        ),
        "network, none": lambda _: year(address=ip_network("192.0.2.0/24")),
        "request id": lambda _: year(request_id="0123456789abcdef0123456789abcdef"),
    }


def pages(large: str, small: str) -> list[tuple[str, float, float]]:
    """Of each filter the 95th percentile of a page's time in milliseconds: with many events, with few."""
    from tests.audit.sealing import django_on

    dice = random.Random(7)
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(ROUNDS + 1):
        for url in (large, small):
            with django_on(url):
                for name, wanted in filters().items():
                    found = [_page(wanted(dice)) for _ in range(EACH if number else 3)]
                    if number:  # the first of each is to load code, plans and pages of the index
                        times.setdefault((name, url), []).extend(found)
    return [(name, _p95(times[name, large]), _p95(times[name, small])) for name in filters()]


def _page(wanted: Filter) -> float:
    """Seconds; those of the limit for what takes longer."""
    from audit.reading.scope import Scope
    from audit.reading.search import search
    from core.errors import SearchTooLong

    begun = time.perf_counter()
    try:
        search(Scope(everything=True), wanted)
    except SearchTooLong:
        return float("inf")
    return time.perf_counter() - begun


def _p95(times: list[float]) -> float:
    if float("inf") in times:
        return float("inf")
    return statistics.quantiles(times, n=20, method="inclusive")[18] * 1e3


def export(form: str, days: int) -> None:
    """In a process of its own: prints entries, seconds, bytes, and by how many MB its memory grew."""
    from audit.export.exporting import Wish, content
    from audit.export.formats import Format
    from audit.reading.filter import Filter
    from audit.reading.scope import Scope

    now = datetime.now(UTC)
    few = Wish(Filter(since=now - timedelta(minutes=10), until=now), Format(form))
    for _ in content(Scope(everything=True), few):
        pass
    Path("/proc/self/clear_refs").write_text("5")  # the most begins anew (proc(5))
    idle, begun, rows, size = _most_rss(), time.perf_counter(), 0, 0
    wish = Wish(Filter(since=now - timedelta(days=days), until=now), Format(form))
    for n, piece in content(Scope(everything=True), wish):
        rows, size = rows + n, size + len(piece)
    sys.stdout.write(f"{rows} {time.perf_counter() - begun} {size} {_most_rss() - idle}\n")


def _most_rss() -> float:
    """The most this process held since that was last set back, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000


def exports(url: str, days: int) -> bool:
    """Whether both formats reach what is wanted."""
    good = True
    for form in ("csv", "jsonl"):
        command = [sys.executable, "-m", "tests.bench.audit_reading", form, str(days)]
        said = subprocess.run(
            command, env={**os.environ, "WHARF_DATABASE_URL": url}, capture_output=True, text=True, check=True
        ).stdout
        rows, seconds, size, growth = map(float, said.splitlines()[-1].split())
        rate = rows / seconds
        good = good and rate >= LEAST_RATE and growth < MOST_GROWTH
        sys.stdout.write(
            f"export {form}: {rows:,.0f} entries, {size / 1e6:,.0f} MB in {seconds:.1f} s: {rate:,.0f}/s (at least "
            f"{LEAST_RATE:,}), memory +{growth:.1f} MB (at most {MOST_GROWTH:.0f})\n"
        )
    return good


def run(folder: Path, events: int, export_days: int) -> bool:
    """Print all of it; whether every floor is reached. A database that is in `folder` already is used again."""
    from tests import session

    folder.mkdir(mode=0o755, exist_ok=True)
    os.environ["WHARF_DATA"] = str(folder / "data")
    session.start(folder / "services")
    try:
        from tests.bench import audit_rows

        large, small = (
            audit_rows.known(folder / "services", f"bench_{count}", count) for count in (events, SMALL)
        )
        os.environ["WHARF_DATABASE_URL"] = large
        _set_up()
        good = _tell(pages(large, small), events)
        good = exports(large, export_days) and good
        return drops(folder, audit_rows.fresh(folder / "services", "bench_drop")) and good
    finally:
        session.stop()


def _tell(found: Sequence[tuple[str, float, float]], events: int) -> bool:
    sys.stdout.write(f"\np95 of a page in ms {f'{events:,}':>22} {f'{SMALL:,}':>10} {'ratio':>8}\n")
    for name, many, few in found:
        mark = "" if many / few <= WORST else f"  ABOVE {WORST:.0f}"
        sys.stdout.write(f"  {name:30} {many:10.1f} {few:10.1f} {many / few:8.1f}{mark}\n")
    sys.stdout.flush()
    return all(many / few <= WORST for _, many, few in found)


def drops(folder: Path, url: str, rows: int = 500_000) -> bool:
    """The drop of a month, sealed and on time, beside DROP TABLE of the same rows."""
    from audit import purge
    from audit.streams import Stream
    from tests.audit.sealing import Log, django_on, superuser_of
    from tests.audit.test_purge import ADD
    from tests.audit.test_seal_bulk import fill
    from tests.people import SYSTEM

    with django_on(url), superuser_of(url) as admin:
        log = Log(url, folder, admin)
        with admin.transaction():
            admin.execute("SET LOCAL ROLE wharf_owner")
            admin.execute(ADD.format("audit_event", 3))
        fill(log, rows, "date_trunc('month', now(), 'UTC') - interval '3 months' + n * interval '1 s'")
        while log.sealer.step():
            pass
        admin.execute("CREATE TABLE plain (LIKE audit_event INCLUDING ALL)")
        admin.execute("INSERT INTO plain SELECT * FROM audit_event")
        admin.execute("CHECKPOINT")
        begun = time.perf_counter()
        admin.execute("DROP TABLE plain")
        plain = time.perf_counter() - begun
        [month] = purge.due({Stream.EVENTS: 30})
        begun = time.perf_counter()
        month.rows()
        counting = time.perf_counter() - begun
        begun = time.perf_counter()
        outcome = purge.drop(SYSTEM, month, 30)[0]
        dropping = time.perf_counter() - begun - counting
    sys.stdout.write(
        f"drop of a month of {rows:,} events ({outcome}): {dropping * 1e3:.0f} ms, after counting them for "
        f"{counting * 1e3:.0f} ms; DROP TABLE of the same rows: {plain * 1e3:.0f} ms\n"
    )
    return dropping < 3 * plain + 0.2


def _set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wharf.settings")
    django.setup()


if __name__ == "__main__":  # of `exports`
    _set_up()
    export(sys.argv[1], int(sys.argv[2]))
