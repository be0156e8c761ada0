"""Pulls on their way into the database, kept as messages before that, and sent only once they are there.

The messages of a batch are written to a file before the transaction that copies its rows. When it has committed they move into
the buffer; whoever is killed in between finds the file and learns from the log whether the rows of the batch are there.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import structlog

from audit import operations
from audit.forward import buffer as buffers
from audit.forward.buffer import Buffer, packed
from audit.forward.messages import Form, Record
from audit.spool.lines import Key, Row
from core.failpoints import FORWARD_AFTER_PENDING, fp
from core.oci.digest import Digest
from database import sql

PENDING: Final = "pulls.pending"
_IDS: Final = "SELECT nextval('audit_event_id_seq') FROM generate_series(1, %s)"
_IS_LOGGED: Final = "SELECT EXISTS (SELECT FROM audit_pull WHERE ts = %s::timestamptz AND id = %s)"

log = structlog.get_logger(__name__)


class PullForward:
    """`skipped`: pulls that were not kept for the server since this process began, because there was no room for them."""

    def __init__(self, buffer: Buffer, form: Form) -> None:
        self._buffer = buffer
        self._form = form
        self._path = buffer.folder / PENDING
        self.skipped = 0

    def prepare(self, rows: Sequence[tuple[Key, Row]]) -> list[int] | None:
        """Give the rows ids and keep their messages, durably; None where there is no room: then they are not forwarded.

        Raises DatabaseError.
        """
        try:
            settle(self._buffer)
            if not self._buffer.has_room():
                raise OSError("the buffer is full")
            ids = [id_ for (id_,) in sql.rows(_IDS, [len(rows)])]
            head = json.dumps({"id": ids[0], "ts": rows[0][1].first.isoformat()}).encode() + b"\n"
            records = (self._packed(id_, *each) for id_, each in zip(ids, rows, strict=True))
            buffers.replace(self._path, head + b"".join(records))
        except OSError as failure:
            self.skipped += sum(row.n for _, row in rows)
            log.error("pulls are logged but not forwarded", error=str(failure), skipped=self.skipped)
            return None
        fp(FORWARD_AFTER_PENDING)
        return ids

    def committed(self) -> None:
        """The rows are in the database: their messages may go."""
        with contextlib.suppress(OSError):  # tried again before the next batch
            _send(self._buffer, self._path.read_bytes())

    def _packed(self, id_: int, key: Key, row: Row) -> bytes:
        record = record_of(id_, key, row)
        return packed(record.moment or 0, self._form.message(record))


def record_of(id_: int, key: Key, row: Row) -> Record:
    """What a row of the log tells, as audit.reading tells it."""
    digest = str(Digest.from_bytes(key.digest))
    resource = f"{key.repository}:{key.tag}" if key.tag else f"{key.repository}@{digest}"
    time = row.first.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    facts: dict[str, Any] = {
        "id": id_, "stream": "pulls", "time": time, "operation": operations.PULL.name, "result": "ok",
        "actor_kind": key.actor_kind, "actor_id": key.actor_id, "actor_name": key.actor_name, "ip": key.ip, "agent": key.agent,
        "resource_type": "artifact", "resource_name": resource, "project_id": key.project_id,
    }  # fmt: skip
    detail = {
        "n": row.n,
        "repository": key.repository,
        "repository_id": key.repository_id,
        "tag": key.tag,
        "digest": digest,
    }
    return Record(_microseconds(row.first), time, facts, json.dumps(detail, separators=(",", ":")))


def settle(buffer: Buffer) -> None:
    """Find out what became of the last batch, where that is not known, also when pulls are not forwarded any more.

    Raises DatabaseError, OSError.
    """
    path = buffer.folder / PENDING
    try:
        kept = path.read_bytes()
    except FileNotFoundError:
        return
    try:
        head = json.loads(kept.partition(b"\n")[0])
        first = [datetime.fromisoformat(head["ts"]), int(head["id"])]
    except (ValueError, TypeError, KeyError) as damage:
        log.error("pulls that were to be forwarded cannot be read", error=str(damage), bytes=len(kept))
        path.unlink()
        return
    if sql.value(_IS_LOGGED, first):
        _send(buffer, kept)
    else:
        path.unlink()


def _send(buffer: Buffer, kept: bytes) -> None:
    buffer.append([kept.partition(b"\n")[2]])
    (buffer.folder / PENDING).unlink()


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
