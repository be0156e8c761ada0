"""Spool files as processes of the registry leave them, for tests of what becomes of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from access.principal import ActorKind, Origin, Principal
from audit.pulls import PullLine
from database import sql

ACTOR = Principal(ActorKind.USER, 7, "ann", origin=Origin(ip="192.0.2.7", agent="docker/27", request_id="r1"))
DIGEST = "sha256:" + "0" * 64
NOON = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
CHECKOUT = Path(__file__).resolve().parents[2]


def line(tag: str = "1.0", *, seconds: float = 0.0, **other: object) -> PullLine:
    """A pull so many seconds after midnight (UTC) of today."""
    made = PullLine.of(ACTOR, project_id=1, repository_id=2, repository="team/app", digest=DIGEST, tag=tag)
    ts = (NOON + timedelta(seconds=seconds)).isoformat()
    return replace(made, ts=ts, **other)  # type: ignore[arg-type]


def text(lines: Iterable[PullLine]) -> bytes:
    return b"".join(orjson.dumps(each) + b"\n" for each in lines)


def leave(folder: Path, data: bytes, name: str = "host.1.1") -> Path:
    """A file whose writer is gone."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.jsonl"
    with path.open("ab") as file:
        file.write(data)
    return path


def logged() -> int:
    """Pulls in the log, however many rows they are."""
    return int(sql.value("SELECT coalesce(sum(n), 0)::bigint FROM audit_pull"))


def counted() -> tuple[int, int]:
    """Pulls by day, and pulls that wait for the statistics."""
    found = sql.one(
        "SELECT (SELECT coalesce(sum(pulls), 0)::bigint FROM audit_usage), "
        "(SELECT coalesce(sum(pulls), 0)::bigint FROM audit_pulled)"
    )
    return found[0], found[1]


def events(operation: str) -> list[dict[str, object]]:
    """The details of the events of this name."""
    return [
        json.loads(detail)
        for (detail,) in sql.rows(
            "SELECT detail::text FROM audit_event WHERE operation = %s ORDER BY id", [operation]
        )
    ]


def environment(data: Path, **more: str) -> dict[str, str]:
    """That of a process whose data folder is `data`, with the database of the tests."""
    return {**os.environ, "WHARF_DATA": str(data), "PYTHONUNBUFFERED": "1", **more}


def shipper(data: Path, *program: str, **more: str) -> subprocess.Popen[bytes]:
    """The process, as `wharf up` starts it, or `program`; it ships what lies in `data`/spool/pulls."""
    with (data / "shipper.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *(program or ("-m", "wharf.shipper"))],
            cwd=CHECKOUT,
            env=environment(data, **more),
            stdout=log,
            stderr=log,
        )


def ship_once(data: Path, prefix: tuple[str, ...] = (), **more: str) -> int:
    """One turn in a process of its own; its exit status."""
    source = (
        "import sys; from pathlib import Path; from wharf import shipper; shipper.set_up(); "
        "from audit.spool.shipper import Shipper; Shipper(Path(sys.argv[1]), batch_bytes=70_000).step()"
    )
    command = [*prefix, sys.executable, "-c", source, str(data / "spool" / "pulls")]
    return subprocess.run(command, cwd=CHECKOUT, env=environment(data, **more), check=False).returncode


WRITER = """
import mmap, os, random, sys, time
from dataclasses import replace
from pathlib import Path
from audit.pulls import PullSpool
from tests.audit.spools import line
spool = PullSpool(Path(sys.argv[1]), max_file_bytes=200_000)
told = mmap.mmap(os.open(sys.argv[2], os.O_RDWR), 8)
most, burst = int(sys.argv[3]), int(sys.argv[4])
lines = [line(str(n), actor_id=n) for n in range(8)]
for number in range(most):
    spool.note(lines[random.randrange(8)])
    told[:] = (number + 1).to_bytes(8, "little")
    if number % burst == 0:
        time.sleep(0.001)
"""


class Writer:
    """A process that notes pulls, and tells after each how many it has noted: as many as it would have answered."""

    def __init__(self, folder: Path, told: Path, *, most: int, burst: int) -> None:
        told.write_bytes(bytes(8))
        self._told = told
        command = [sys.executable, "-c", WRITER, str(folder), str(told), str(most), str(burst)]
        self.process = subprocess.Popen(command, cwd=CHECKOUT)

    @property
    def noted(self) -> int:
        return int.from_bytes(self._told.read_bytes(), "little")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
