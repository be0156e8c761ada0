"""Stretches of spool files into the database: rows, counts, gaps and the new positions, all in one transaction or not at all.

The position of a file is the proof of what is in: it moves only from where the stretch begins to where it ends, in the
transaction that writes the rows. Whoever is killed, or loses the connection while it commits, reads the positions again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import structlog
from django.db import DataError, IntegrityError, connection, transaction

from access.principal import Origin, Principal
from audit import pull_log, recorder
from audit.partitions import ensure_days
from audit.parts import Resource, Result
from audit.recorder import Event
from audit.spool.files import Stretch
from audit.spool.lines import KEPT_BYTES, Damage, Key, Pulls, Row, Told, fold
from core.failpoints import SHIP_AFTER_COMMIT, SHIP_AFTER_COPY, SHIP_BEFORE_COMMIT, fp
from database import sql
from database.arrays import array

if TYPE_CHECKING:
    from audit.forward.pulls import PullForward

SHIPPER: Final = Principal.system("shipper", Origin(agent="shipper"))
MOST_AGENTS: Final = 4096

_COPY = """
    COPY audit_pull ({}ts, repository_id, project_id, actor_id, agent_id, n, actor_kind, actor_name, repository, tag,
                     digest, ip) FROM STDIN
"""
_MOVE = """
    INSERT INTO audit_spool (name, position, lines, lost, damaged) VALUES (%(name)s, %(end)s, %(lines)s, %(lost)s, %(damaged)s)
    ON CONFLICT (name) DO UPDATE SET position = EXCLUDED.position, lines = audit_spool.lines + EXCLUDED.lines,
      lost = audit_spool.lost + EXCLUDED.lost, damaged = audit_spool.damaged + EXCLUDED.damaged, shipped_at = now()
      WHERE audit_spool.position = %(start)s
"""
# A host whose clock is ahead must not make things look pulled in the future: that would hold against every later pull.
# Sorted, so that the shippers of two hosts take the rows of a day in the same order.
_COUNT = """
    WITH given AS MATERIALIZED (
      SELECT repository_id, project_id, digest, tag, least(last_at, now()) AS last_at, pulls,
             least(day, (now() AT TIME ZONE 'UTC')::date) AS day
      FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::text[], %s::timestamptz[], %s::date[], %s::bigint[])
        AS line (repository_id, project_id, digest, tag, last_at, day, pulls)
    ), pulled AS (
      INSERT INTO audit_pulled (repository_id, digest, tag, pulls, last_at)
      SELECT repository_id, digest, tag, sum(pulls), max(last_at) FROM given GROUP BY repository_id, digest, tag
    )
    INSERT INTO audit_usage (repository_id, tag, day, project_id, pulls)
    SELECT repository_id, tag, day, max(project_id), sum(pulls) FROM given
    GROUP BY repository_id, tag, day ORDER BY repository_id, tag, day
    ON CONFLICT (repository_id, tag, day) DO UPDATE SET pulls = audit_usage.pulls + EXCLUDED.pulls
"""
_KEEP_DAMAGE = """
    INSERT INTO audit_spool_damage (name, position, size, line)
    SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[])
"""
_FORGET = """
    WITH gone AS (
      DELETE FROM audit_spool WHERE removed_at < now() - interval '30 days' AND name <> ALL(%s::text[]) AND name <> ''
      RETURNING lines, lost, damaged)
    INSERT INTO audit_spool (name, lines, lost, damaged)
    SELECT '', sum(lines), sum(lost), sum(damaged) FROM gone HAVING count(*) > 0
    ON CONFLICT (name) DO UPDATE SET lines = audit_spool.lines + EXCLUDED.lines,
      lost = audit_spool.lost + EXCLUDED.lost, damaged = audit_spool.damaged + EXCLUDED.damaged
"""

Rows = Sequence[tuple[Key, Row]]

log = structlog.get_logger(__name__)


class Overtaken(Exception):
    """Another shipper has moved a position since we read it: read the positions again."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """Lines read, the rows they became, and whether more was waiting at the end."""

    lines: int = 0
    rows: int = 0
    more: bool = False

    def __add__(self, other: Shipped) -> Shipped:
        return Shipped(self.lines + other.lines, self.rows + other.rows, other.more)


def positions(names: Iterable[str]) -> dict[str, int]:
    """Where each of these files is shipped to; 0 for those never heard of."""
    wanted = list(names)
    known = dict.fromkeys(wanted, 0)
    if wanted:
        known |= dict(
            sql.rows("SELECT name, position FROM audit_spool WHERE name = ANY(%s::text[])", [array(wanted)])
        )
    return known


def mark_removed(name: str) -> None:
    """The file is wholly shipped and about to go. Its position stays known: a disk may come back as it was."""
    sql.execute("UPDATE audit_spool SET removed_at = now() WHERE name = %s", [name])


def forget(present: Iterable[str]) -> None:
    """Leave of the files that went 30 days ago, and are not `present` again, only their sums."""
    sql.execute(_FORGET, [array(present)])


class Shipping:
    """Writes stretches; remembers the ids of agents and the days that have their partition."""

    def __init__(self) -> None:
        self._agents: dict[str, int] = {}
        self._days: set[date] = set()
        self._forward: PullForward | None = None

    def deliver(self, stretches: Sequence[Stretch], forward: PullForward | None = None) -> Shipped:
        """Write them whole, and keep them for `forward`. Raises Overtaken, and DatabaseError where the database is away.

        Then nothing is written, and nothing forwarded.

        A line that the database refuses for what it says is damaged: the others are not held up by it.
        """
        self._forward = forward
        try:
            return self._fold_and_write(stretches)
        except (DataError, IntegrityError) as refusal:
            parts = _halved(stretches)
            if parts is None:
                log.error("the database refuses a line of a pull spool", error=str(refusal).strip())
                return self._write(Pulls(), [(stretches[0], _all_damaged(stretches[0]))])
        return self.deliver(parts[0], forward) + self.deliver(parts[1], forward)

    def _fold_and_write(self, stretches: Sequence[Stretch]) -> Shipped:
        pulls = Pulls(pull_log.different())
        told = [(stretch, fold(stretch.data, stretch.start, pulls)) for stretch in stretches]
        return self._write(pulls, told)

    def _write(self, pulls: Pulls, told: Sequence[tuple[Stretch, Told]]) -> Shipped:
        rows = pulls.written
        self._ensure_days(rows)
        self._know_agents(rows)
        ids = None
        if self._forward is not None and rows:
            ids = self._forward.prepare(rows)
        with transaction.atomic():
            for stretch, said in sorted(told, key=lambda each: each[0].name):
                _move(stretch, said)
            if rows:
                self._copy(rows, ids)
            if pulls.rows:
                fp(SHIP_AFTER_COPY)
                _count(pulls)
            for stretch, said in told:
                _tell(stretch, said)
            fp(SHIP_BEFORE_COMMIT)
        fp(SHIP_AFTER_COMMIT)
        if self._forward is not None and ids is not None:
            self._forward.committed()
        return Shipped(sum(said.lines for _, said in told), len(rows))

    def _copy(self, rows: Rows, ids: Sequence[int] | None) -> None:
        """With `ids` where they are told already, else with those the database gives."""
        lines = [_text(key, row, self._agents[key.agent]) for key, row in rows]
        if ids is not None:
            lines = [f"{id_}\t{line}" for id_, line in zip(ids, lines, strict=True)]
        statement = _COPY.format("" if ids is None else "id, ")
        with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write("".join(lines).encode())

    def _ensure_days(self, rows: Rows) -> None:
        """Lines may come from days that have no partition: the database was away, or the host was."""
        days = {row.first.date() for _, row in rows} - self._days
        if days:
            ensure_days(days)
            self._days |= days

    def _know_agents(self, rows: Rows) -> None:
        """Before the transaction: its rows are for good, so what is remembered of them is never wrong."""
        if len(self._agents) > MOST_AGENTS:
            self._agents.clear()
        wanted = {key.agent for key, _ in rows} - self._agents.keys()
        for agent in sorted(wanted):
            sql.execute(
                "INSERT INTO audit_agent (agent) SELECT %s WHERE NOT EXISTS (SELECT FROM audit_agent "
                "WHERE agent = %s) ON CONFLICT DO NOTHING",
                [agent, agent],
            )
        if wanted:
            found = sql.rows(
                "SELECT agent, id FROM audit_agent WHERE agent = ANY(%s::text[])", [array(wanted)]
            )
            self._agents.update(dict(found))


def _halved(stretches: Sequence[Stretch]) -> tuple[Sequence[Stretch], Sequence[Stretch]] | None:
    if len(stretches) > 1:
        middle = len(stretches) // 2
        return stretches[:middle], stretches[middle:]
    halves = stretches[0].halves()
    return None if halves is None else ([halves[0]], [halves[1]])


def _all_damaged(stretch: Stretch) -> Told:
    damage = Damage(stretch.start, len(stretch.data), stretch.data[:KEPT_BYTES])
    return Told(lines=1, damages=[damage], damaged=1)


def _text(key: Key, row: Row, agent_id: int) -> str:
    """A line of COPY's text format. What is told of people and things is printable: only the backslash has a meaning."""
    words = f"{key.actor_kind}\t{key.actor_name}\t{key.repository}\t{key.tag}".replace("\\", "\\\\")
    return (
        f"{row.first.isoformat()}\t{key.repository_id}\t{key.project_id}\t{key.actor_id}\t{agent_id}\t{row.n}\t{words}"
        f"\t\\\\x{key.digest.hex()}\t{key.ip or chr(92) + 'N'}\n"
    )


def _move(stretch: Stretch, said: Told) -> None:
    facts = {"name": stretch.name, "start": stretch.start, "end": stretch.end}
    counts = {"lines": said.lines, "lost": said.lost, "damaged": said.damaged}
    if not sql.execute(_MOVE, facts | counts):
        raise Overtaken(stretch.name)


def _count(pulls: Pulls) -> None:
    counted: dict[tuple[int, int, bytes, str, date], tuple[datetime, int]] = {}
    for key, row in pulls.rows:
        group = key.repository_id, key.project_id, key.digest, key.tag, row.first.date()
        last, n = counted.get(group, (row.last, 0))
        counted[group] = max(last, row.last), n + row.n
    groups = list(counted)
    sql.execute(
        _COUNT,
        [
            array(group[0] for group in groups),
            array(group[1] for group in groups),
            array(group[2] for group in groups),
            array(group[3] for group in groups),
            array(last for last, _ in counted.values()),
            array(group[4].isoformat() for group in groups),
            array(n for _, n in counted.values()),
        ],
    )


def _tell(stretch: Stretch, said: Told) -> None:
    """What is missing stands in the log, where those who read it look."""
    spool = Resource("spool", "", stretch.name)
    if said.gaps:
        since, until = min(gap.since for gap in said.gaps), max(gap.until for gap in said.gaps)
        detail = {"lost": said.lost, "since": since.isoformat(), "until": until.isoformat()}
        recorder.record(Event(SHIPPER, "audit.gap", "", Result.FAILED, resource=spool, detail=detail))
    if said.damaged:
        kept = said.damages
        sql.execute(
            _KEEP_DAMAGE,
            [
                stretch.name,
                array(each.position for each in kept),
                array(each.size for each in kept),
                array(each.line for each in kept),
            ],
        )
        told = {"damaged": said.damaged, "from": stretch.start, "to": stretch.end}
        recorder.record(Event(SHIPPER, "audit.damage", "", Result.FAILED, resource=spool, detail=told))
