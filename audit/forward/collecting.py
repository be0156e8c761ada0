"""Events from the database into this host's buffer, in the order in which their transactions began to write.

As the sealer does, only rows of transactions are taken that are older than every one still under way: none can slip in behind
the mark. The mark moves after the messages are durable, so that a collector killed in between collects them again; ids make
that harmless. Of several hosts one collects at a time (an advisory lock of its connection).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Final, NamedTuple

import structlog
from django.db import DatabaseError, transaction

from audit.forward.buffer import Buffer, packed
from audit.forward.messages import Form, Record
from audit.seal import blocks
from core.failpoints import FORWARD_AFTER_BUFFER, FORWARD_AFTER_MARK, fp
from database import sql

MOST_ROWS: Final = 500
ALL_IDS: Final = 2**63 - 1

_LOCK: Final = "SELECT pg_try_advisory_lock(hashtextextended('audit_forward', 0))"
_UNLOCK: Final = "SELECT pg_advisory_unlock(hashtextextended('audit_forward', 0))"
_SETTLED: Final = """
    SELECT pg_snapshot_xmin(moment)::text::bigint, pg_snapshot_xmax(moment)::text::bigint FROM pg_current_snapshot() moment
"""
_MARK: Final = "SELECT mark_xid, mark_id, base, top FROM audit_forward"
# Whoever turns forwarding on wants to see that very act arrive.
_BEGIN: Final = """
    INSERT INTO audit_forward (mark_xid, mark_id, base, top)
    SELECT -1 + least(%(horizon)s, (SELECT min(xid::text::bigint) FROM
      (SELECT xid, ts FROM audit_event ORDER BY id DESC LIMIT 1000) newest WHERE ts >= now() - interval '1 minute')),
      %(ids)s, %(base)s, %(base)s
    ON CONFLICT DO NOTHING
"""
_FACTS: Final = """
    SELECT id, xid::text::bigint,
      CASE WHEN isfinite(ts) THEN to_char(ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END,
      CASE WHEN isfinite(ts) THEN (extract(epoch FROM ts) * 1000000)::bigint END,
      actor_kind, actor_id, actor_name, auth, token_id, host(ip), agent, request_id, operation, permission, resource_type,
      resource_id, resource_name, project_id, result, detail::text
    FROM audit_event
"""
_NEXT: Final = f"""
    {_FACTS} WHERE xid >= %(mark_xid)s::text::xid8 AND (xid, id) > (%(mark_xid)s::text::xid8, %(mark_id)s)
      AND xid < %(horizon)s::text::xid8 AND id > %(base)s
    ORDER BY audit_event.xid, audit_event.id LIMIT {MOST_ROWS}
"""
# In a cluster that counts transactions anew: what the restore brought names transactions that are still to come here.
_RESTORED: Final = f"""
    {_FACTS} WHERE xid >= %(mark_xid)s::text::xid8 AND (xid, id) > (%(mark_xid)s::text::xid8, %(mark_id)s)
      AND id > %(base)s
    ORDER BY audit_event.xid, audit_event.id LIMIT {MOST_ROWS}
"""
_MOVE: Final = """
    UPDATE audit_forward SET mark_xid = %(xid)s, mark_id = %(id)s, base = %(base)s, top = greatest(top, %(top)s),
      collected = collected + %(rows)s, moved_at = now()
    WHERE (mark_xid, mark_id, base) = (%(mark_xid)s, %(mark_id)s, %(mark_base)s)
"""
_ABOVE: Final = "SELECT max(id) FROM audit_event WHERE xid >= %s::text::xid8"
_FIRST_ABOVE: Final = "SELECT min(xid::text::bigint) FROM audit_event WHERE id > %s"
_OLDEST: Final = """
    SELECT extract(epoch FROM now() - ts) FROM audit_event
    WHERE (xid, id) > (%s::text::xid8, %s) AND id > %s AND isfinite(ts) ORDER BY xid, id LIMIT 1
"""
_REWIND: Final = """
    UPDATE audit_forward SET mark_id = %(ids)s, moved_at = now(), mark_xid = -1 + least(%(horizon)s,
      (SELECT min(xid::text::bigint) FROM audit_event WHERE ts >= %(since)s AND id > base))
"""

log = structlog.get_logger(__name__)


class Mark(NamedTuple):
    """The last row that was collected, by transaction and id. Only ids above `base` count; `top` is the highest collected."""

    xid: int
    id: int
    base: int
    top: int


def collect(buffer: Buffer, form: Form) -> bool:
    """Bring what is settled into the buffer, `MOST_ROWS` at most; whether there may be more. Raises DatabaseError, OSError.

    Nothing is done while the buffer is full, or another host collects.
    """
    if not buffer.has_room():
        return False
    with _alone() as alone:
        return alone and _collect(buffer, form)


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else collects meanwhile. Of the connection, not of a transaction: the disk is not waited for in one."""
    alone = bool(sql.value(_LOCK))
    try:
        yield alone
    finally:
        if alone:
            with suppress(DatabaseError):  # a lost connection holds no lock
                sql.value(_UNLOCK)


def _collect(buffer: Buffer, form: Form) -> bool:
    with transaction.atomic():
        sql.value(f"SELECT {blocks.BY_INDEX}")
        horizon, newest = sql.one(_SETTLED)
        mark = _mark(horizon)
        is_restored = newest <= mark.xid
        rows = sql.rows(
            _RESTORED if is_restored else _NEXT,
            {"mark_xid": str(mark.xid), "mark_id": mark.id, "base": mark.base}
            | ({} if is_restored else {"horizon": str(horizon)}),
        )
    if rows:
        buffer.append(_packed(form, row) for row in rows)
        fp(FORWARD_AFTER_BUFFER)
        _move(mark, xid=rows[-1][1], id=rows[-1][0], rows=rows)
        fp(FORWARD_AFTER_MARK)
        return True
    if is_restored:
        log.warning("transactions are counted anew: the audit log was restored into another cluster")
        _count_anew(mark, horizon, newest)
    return bool(is_restored)


def _mark(horizon: int) -> Mark:
    found = sql.row(_MARK)
    if found is None:
        sql.execute(_BEGIN, {"horizon": horizon, "ids": ALL_IDS, "base": blocks.LOWEST_ID})
        found = sql.one(_MARK)
    return Mark(*found)


def _move(mark: Mark, *, rows: list[Any], **to: int) -> None:
    """Unless somebody else did meanwhile: then he has collected these as well."""
    facts = {"base": mark.base, "top": max([mark.top, *(row[0] for row in rows)]), "rows": len(rows), **to}
    sql.execute(_MOVE, {**facts, "mark_xid": mark.xid, "mark_id": mark.id, "mark_base": mark.base})


def _count_anew(mark: Mark, horizon: int, newest: int) -> None:
    """All that the restore brought is collected: from now on only ids above those count."""
    base = max(mark.top, mark.base, sql.value(_ABOVE, [str(newest)]) or mark.base)
    first = sql.value(_FIRST_ABOVE, [base])
    _move(mark, rows=[], xid=min(horizon, first or horizon) - 1, id=ALL_IDS, base=base)


def _packed(form: Form, row: tuple[Any, ...]) -> bytes:
    record = record_of(row)
    return packed(record.moment or 0, form.message(record))


def record_of(row: tuple[Any, ...]) -> Record:
    """A row of `_FACTS`."""
    id_, _, time, moment, kind, actor_id, actor, auth, token, ip, agent, request, operation, *rest = row
    permission, type_, resource_id, resource, project_id, result, detail = rest
    facts = {
        "id": id_, "stream": "events", "time": time, "operation": operation, "result": result, "actor_kind": kind,
        "actor_id": actor_id, "actor_name": actor, "auth": auth, "token_id": token, "ip": ip, "agent": agent,
        "request_id": request, "permission": permission, "resource_type": type_, "resource_id": resource_id,
        "resource_name": resource, "project_id": project_id,
    }  # fmt: skip
    return Record(moment, time, facts, detail)


def lag() -> float:
    """Seconds since the oldest event that is in no buffer was written; 0 without one, or before the first was collected."""
    found = sql.row(_MARK)
    if found is None:
        return 0.0
    mark = Mark(*found)
    return max(0.0, float(sql.value(_OLDEST, [str(mark.xid), mark.id, mark.base]) or 0))


def begin_at(since: datetime) -> None:
    """Collect again what was written from then on, or leave out what lies before. Raises DatabaseError."""
    with transaction.atomic():
        horizon, _ = sql.one(_SETTLED)
        _mark(horizon)
        sql.execute(_REWIND, {"ids": ALL_IDS, "horizon": horizon, "since": since})
