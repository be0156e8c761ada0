"""The sealer: numbers the rows of the audit log and chains them, so that whoever changes the log afterwards is found out.

`step()` is called every two seconds, on any number of hosts; the one that gets the advisory lock seals. Only rows of
transactions that are older than every transaction still under way are numbered: none can slip in behind a number that is given.
Business transactions know nothing of it: no lock, no statement of theirs. Decision record 0015; docs/audit.md.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction

from audit.seal import blocks, heads, keys
from audit.seal.blocks import Block
from audit.seal.form import SELECTED, Row
from audit.seal.heads import Head, HeadKind
from audit.seal.keys import Key, KeyUnusable, Ring
from database import sql

INTERVAL: Final = 2.0
"""Seconds between steps."""
BLOCK_ROWS: Final = 5_000
STEP_SECONDS: Final = 1.0
"""Whoever calls has other work to do."""
HEAD_SECONDS: Final = 60.0
MONTHS_AHEAD: Final = 3
MONTHS_SECONDS: Final = 3_600.0
COMPLAINT_SECONDS: Final = 60.0

_LOCK: Final = f"SELECT pg_try_advisory_xact_lock(hashtextextended('audit_seal', 0)), {blocks.BY_INDEX}"
# Its own statement: rows are looked for with a later snapshot, to which everything below `xmin` is settled.
_NOW: Final = f"""
    SELECT {blocks.MICROSECONDS.format("now()")}, pg_snapshot_xmin(moment)::text::bigint,
      pg_snapshot_xmax(moment)::text::bigint FROM pg_current_snapshot() moment
"""
_NEXT: Final = f"""
    SELECT {SELECTED} FROM audit_event
    WHERE xid >= %(mark_xid)s::text::xid8 AND (xid, audit_event.id) > (%(mark_xid)s::text::xid8, %(mark_id)s)
      AND xid < %(horizon)s::text::xid8 AND audit_event.id > %(base)s
    ORDER BY audit_event.xid, audit_event.id LIMIT %(most)s
"""
# After the log was restored into a cluster that counts transactions anew. A row that came with the restore was written by the
# restore's transaction (xmin), not by the one it names (xid), and is settled; all others name their own.
_RESTORED: Final = f"""
    SELECT {SELECTED} FROM audit_event
    WHERE (audit_event.id > %(top)s
        OR audit_event.id > %(base)s AND (xid, audit_event.id) > (%(mark_xid)s::text::xid8, %(mark_id)s))
      AND (xid < %(horizon)s::text::xid8 OR NOT (xid::text::numeric %% 4294967296)::text = audit_event.xmin::text)
    ORDER BY audit_event.id
"""
_OLDEST: Final = """
    SELECT extract(epoch FROM now() - ts) FROM audit_event
    WHERE (xid, id) > (%(xid)s::text::xid8, %(id)s) AND id > %(base)s AND isfinite(ts) ORDER BY xid, id LIMIT 1
"""
_DROPS: Final = """
    SELECT id, parent, partition, to_char(lower_bound AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
      to_char(upper_bound AT TIME ZONE 'UTC', 'YYYY-MM-DD'), rows, keep_days, actor, last_seq, encode(head, 'hex'),
      upper_bound <= now() - interval '30 days' AND to_regclass(quote_ident(partition)) IS NULL
    FROM audit_drop WHERE id > %s ORDER BY id LIMIT 100
"""
_DROP_FIELDS: Final = (
    "id", "parent", "partition", "from", "to", "rows", "keep_days", "actor", "last_seq", "head", "lawful",
)  # fmt: skip

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sealer:
    """What one process remembers between steps. `heads`: told of every signed head, and asked again when it fails."""

    key_file: Path
    heads: tuple[heads.Publish, ...] = ()
    clock: Callable[[], float] = time.monotonic
    more: bool = False
    _told_at: float | None = None
    _told: str = ""
    _months_at: float | None = None
    _ring: tuple[tuple[int, int], Ring] | None = None
    _noted: int | None = field(default=None)

    def step(self) -> int:
        """Seal what is ready, for `STEP_SECONDS` at most; how many rows. Raises DatabaseError, KeyUnusable.

        `more` says afterwards whether some were left.
        """
        self._make_months()
        began, sealed, self.more = self.clock(), 0, True
        newest: Block | None = None
        while self.more and self.clock() - began < STEP_SECONDS:
            block = self._next_block()
            # A block that is not full was the last, but for those that only begin the chain.
            self.more = block is not None and (block.count == BLOCK_ROWS or block.n == 0)
            if block is not None:
                newest = block
                sealed += block.count
        self._tell(newest)
        return sealed

    def _next_block(self) -> Block | None:
        """One transaction, one block; None when nothing is ready, or somebody else is at it."""
        with transaction.atomic():
            if not sql.value(_LOCK):
                return None
            last = blocks.last()
            key = self._key(last)
            ts, horizon, newest_xid = sql.one(_NOW)
            if last is None:
                return _inserted(None, key, ts=ts, horizon=horizon)
            if newest_xid <= last.mark_xid:
                return self._after_restore(last, key, ts, horizon)
            rows = _rows(_NEXT, last, horizon=horizon, most=BLOCK_ROWS)
            notes = self._drops()
            if not rows and not notes:
                return None
            facts = _marked(rows, last) | {"notes": _json({"dropped": notes}) if notes else ""}
            return _inserted(last, key, rows, ts=ts, horizon=horizon, **facts)

    def _after_restore(self, last: Block, key: Key, ts: int, horizon: int) -> Block:
        """Transactions are counted anew: seal what the restore brought unsealed, and count on from here."""
        log.warning(
            "transactions are counted anew: the audit log was restored into another cluster",
            seq=last.last_seq,
        )
        rows = _rows(_RESTORED, last, horizon=horizon)
        top = max([last.top, *(row.id for row in rows)])
        note = _json({"restored": {"mark_xid": last.mark_xid, "rows": len(rows)}})
        while len(rows) > BLOCK_ROWS:
            batch, rows = rows[:BLOCK_ROWS], rows[BLOCK_ROWS:]
            last = _inserted(last, key, batch, ts=ts, notes=note)
        restored = max([last.base, last.top, *(row.id for row in rows if row.xid >= horizon)])
        counted = {"mark_xid": horizon - 1, "mark_id": 2**63 - 1, "base": restored, "top": top}
        return _inserted(last, key, rows, ts=ts, horizon=horizon, notes=note, **counted)

    def _drops(self) -> list[dict[str, Any]]:
        """What was dropped since the last block that says so."""
        if self._noted is None:
            self._noted = _last_noted()
        found = [dict(zip(_DROP_FIELDS, row, strict=True)) for row in sql.rows(_DROPS, (self._noted,))]
        if found:
            transaction.on_commit(self._forget_noted)
        return found

    def _forget_noted(self) -> None:
        self._noted = None

    def _key(self, last: Block | None) -> Key:
        """The newest key, made now if nothing was ever sealed. Raises KeyUnusable: a host that lacks the key must not seal."""
        if last is None:
            return keys.create(self.key_file).newest
        ring = self._keys()
        if ring.find(last.key) is None:
            raise KeyUnusable(
                f"the audit log is sealed with the key {last.key}, which {self.key_file} lacks: copy the file from the host "
                "that has it, or name it in WHARF_AUDIT_KEY_FILE"
            )
        return ring.newest

    def _keys(self) -> Ring:
        try:
            facts = self.key_file.stat()
        except OSError:
            return keys.read(self.key_file)  # says what is wrong
        state = (facts.st_mtime_ns, facts.st_ino)
        if self._ring is None or self._ring[0] != state:
            self._ring = (state, keys.read(self.key_file))
        return self._ring[1]

    def _tell(self, newest: Block | None) -> None:
        """Sign the end of the chain, at most once a minute, where this process has moved it."""
        now = self.clock()
        if newest is not None:
            self._told = ""
        if self._told or (self._told_at is not None and now - self._told_at < HEAD_SECONDS):
            return
        last = newest or blocks.last()
        if last is None or not self.heads:
            return
        head = _head(HeadKind.HEAD, last, self._key(last))
        for publish in self.heads:
            publish(head)
        self._told_at, self._told = now, head.head

    def _make_months(self) -> None:
        """The partitions of the seals of the next months, looked at once an hour."""
        now = self.clock()
        if self._months_at is not None and now - self._months_at < MONTHS_SECONDS:
            return
        sql.rows("SELECT outcome FROM audit_ensure_seal_months(%s::integer)", (MONTHS_AHEAD,))
        self._months_at = now


def _rows(statement: str, last: Block, **facts: int) -> list[Row]:
    known = {"mark_xid": str(last.mark_xid), "mark_id": last.mark_id, "base": last.base, "top": last.top}
    asked: dict[str, Any] = {**known, **facts, "horizon": str(facts["horizon"])}
    used = {name: value for name, value in asked.items() if f"%({name})s" in statement}
    return [
        Row(id_, xid, month, bytes(record), detail)
        for id_, xid, month, record, detail in sql.rows(statement, used)
    ]


def _marked(rows: list[Row], last: Block) -> dict[str, int]:
    if not rows:
        return {}
    return {
        "mark_xid": rows[-1].xid,
        "mark_id": rows[-1].id,
        "top": max(last.top, *(row.id for row in rows)),
    }


def _inserted(last: Block | None, key: Key, rows: list[Row] | None = None, **facts: Any) -> Block:
    first_seq = last.last_seq + 1 if last is not None else blocks.FIRST_SEQ
    entries = blocks.packed(key.codes, first_seq, rows or [])
    block = blocks.after(last, key, count=len(rows or []), entries=entries, **facts)
    blocks.insert(block)
    return block


def _last_noted() -> int:
    noted = [drop["id"] for note in blocks.notes() for drop in json.loads(note).get("dropped", [])]
    return max(noted, default=0)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _head(kind: HeadKind, last: Block, key: Key) -> Head:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return Head(kind, last.n, last.last_seq, last.head.hex(), at, key.id).signed_by(key)


_sealer: Sealer | None = None
_complained_at = -COMPLAINT_SECONDS


def step() -> bool:
    """Seal what is ready. To be called every `INTERVAL` seconds, and at once while it says True. Raises DatabaseError.

    A host without the key, or whose heads cannot be written, says so once a minute; another one may seal meanwhile.
    """
    global _sealer, _complained_at
    if _sealer is None:
        told = Path(settings.WHARF_AUDIT_HEADS)
        _sealer = Sealer(Path(settings.WHARF_AUDIT_KEY_FILE), (lambda head: heads.append(told, head),))
    try:
        _sealer.step()
        return _sealer.more
    except KeyUnusable as error:
        what, reason = "the audit log is not being sealed here", str(error)
    except OSError as error:
        what, reason = "a signed head of the audit log could not be told", str(error)
    if time.monotonic() - _complained_at >= COMPLAINT_SECONDS:
        _complained_at = time.monotonic()
        log.error(what, reason=reason)
    return False


def lag() -> float:
    """Seconds since the oldest row that is not sealed was written, 0 without one. By index, however many there are."""
    last = blocks.last()
    mark = (last.mark_xid, last.mark_id, last.base) if last is not None else (0, 0, blocks.LOWEST_ID)
    found = sql.value(_OLDEST, dict(zip(("xid", "id", "base"), (str(mark[0]), *mark[1:]), strict=True)))
    return max(0.0, float(found or 0))


def note_restored() -> Head | None:
    """The log was brought back to an earlier state on purpose: heads told later than that bind no more.

    None where there is nothing to say: no heads, no seals, or none beyond the end of the chain.
    Raises DatabaseError, KeyUnusable, OSError.
    """
    path = Path(settings.WHARF_AUDIT_HEADS)
    told, last = heads.latest(path), blocks.last()
    if told is None or last is None or told.block <= last.n:
        return None
    ring = keys.read(Path(settings.WHARF_AUDIT_KEY_FILE))
    head = _head(HeadKind.RESTORED, last, ring.newest)
    heads.append(path, head)
    return head
