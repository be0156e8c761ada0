"""Signed heads of the chain of seals on their way to the server: who has them can prove that the end was cut off.

They are read from the file that they are appended to, whoever appends: the sealer each minute, a restore its word that it was
meant. How far the file is forwarded stands beside the buffer.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from pathlib import Path
from typing import Final

import structlog

from audit.forward import buffer as buffers
from audit.forward.buffer import Buffer, packed
from audit.forward.messages import Form, Record
from audit.seal import heads
from audit.seal.heads import Head

OFFSET: Final = "heads.json"
MOST_BYTES: Final = 256 * 1024

log = structlog.get_logger(__name__)


class HeadsFile:
    """`path`: the file of heads; `folder`: of the buffer."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._kept = folder / OFFSET
        self._offset: int | None = None
        self._is_kept = True

    def collect(self, buffer: Buffer, form: Form) -> None:
        """Bring new lines into the buffer. Raises OSError; what was appended before is not appended again by this process."""
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            return
        offset = self._from(size)
        if offset < size and buffer.has_room():
            data = self._read(offset)
            found = [
                head for line in data.decode("utf-8", "replace").splitlines() if (head := heads.parse(line))
            ]
            buffer.append(_packed(form, head) for head in found)
            self._offset, self._is_kept = offset + len(data), not data and self._is_kept
        if not self._is_kept:
            buffers.replace(self._kept, json.dumps({"offset": self._offset}).encode())
            self._is_kept = True

    def _from(self, size: int) -> int:
        """Where to go on: the first time with the last line, from the beginning of a file that has become another one."""
        if self._offset is None:
            try:
                self._offset = int(json.loads(self._kept.read_bytes())["offset"])
            except FileNotFoundError:
                self._offset = self._last_line(size)
            except (OSError, ValueError, KeyError, TypeError) as damage:
                log.warning(
                    "how far signed heads are forwarded is not known: all are sent again", error=str(damage)
                )
                self._offset = 0
        return self._offset if self._offset <= size else 0

    def _last_line(self, size: int) -> int:
        begin = max(0, size - MOST_BYTES)
        return begin + self._read(begin)[:-1].rfind(b"\n") + 1

    def _read(self, offset: int) -> bytes:
        """Whole lines."""
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(descriptor, MOST_BYTES, offset)
        finally:
            os.close(descriptor)
        return data[: data.rfind(b"\n") + 1]


def _packed(form: Form, head: Head) -> bytes:
    moment = round(time.time() * 1_000_000)
    facts = {
        "stream": "heads",
        "time": head.at,
        "operation": "audit.head",
        "result": "ok",
        **dataclasses.asdict(head),
    }
    return packed(moment, form.message(Record(moment, head.at, facts)))
