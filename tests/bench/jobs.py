"""bin/bench jobs: jobs that do nothing, end to end on one worker, beside bare Celery tasks that do nothing, in the same run.

A job is inserted, handed out, claimed, run and ended in PostgreSQL; a bare task is only a message. The ratio says what the
truth in the database costs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.jobs.world import World

FLOOR = 0.3
BATCH = 100
UNACKED = "unacked"


def main(arguments: Sequence[str]) -> int:
    """Prints one line a round and the ratio of the medians; status 1 when it is below the floor."""
    asked = _asked(arguments)
    with tempfile.TemporaryDirectory(prefix="wharf-bench-jobs-") as folder:
        _configure(Path(folder))
        from tests.jobs.world import own_world

        with own_world(durable=True) as world:
            world.add_worker(processes=asked.processes)
            world.worker_ready()
            rounds = [_round(world, asked.jobs) for _ in range(asked.rounds)]
    bare, jobs = (statistics.median(each) for each in zip(*rounds, strict=True))
    sys.stdout.write(f"bare Celery {bare:.0f}/s, jobs {jobs:.0f}/s: {jobs / bare:.2f} (floor {FLOOR})\n")
    return 0 if jobs / bare >= FLOOR else 1


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench jobs", description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000, help="of each sort in a round (default 10000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=4, help="of the worker (default 4, as wharf up)")
    return parser.parse_args(arguments)


def _configure(folder: Path) -> None:
    """An environment of its own for the settings, before Django reads them."""
    for name in [name for name in os.environ if name.startswith("WHARF_")]:
        del os.environ[name]
    os.environ.update(
        WHARF_DATA=str(folder),
        WHARF_SECRET_KEY="b7Jq2-b3nch-only-0Zr8wX5vKf1nYd6uHg4mLpQe",
        WHARF_LOG_LEVEL="WARNING",
        DJANGO_SETTINGS_MODULE="wharf.settings",
    )
    import django

    django.setup()


def _round(world: World, count: int) -> tuple[float, float]:
    world.clean()
    rates = _bare(world, count), _jobs(world, count)
    sys.stdout.write(f"{count} of each: bare Celery {rates[0]:.0f}/s, jobs {rates[1]:.0f}/s\n")
    sys.stdout.flush()
    return rates


def _bare(world: World, count: int) -> float:
    """Tasks a second, from the first send until the broker holds none, taken or not."""
    from tests.jobs.worker import bare

    begun = time.monotonic()
    with world.broker() as connection, bare.app.amqp.Producer(connection) as producer:
        for _ in range(count):
            bare.apply_async(producer=producer, retry=False)
    valkey = world.valkey
    while valkey.llen("wharf") or valkey.hlen(UNACKED):
        time.sleep(0.01)
    return count / (time.monotonic() - begun)


def _jobs(world: World, count: int) -> float:
    """Jobs a second, from the first start until the last has ended well."""
    from django.db import transaction

    from jobs.models import Run, State
    from tests.jobs import demonstration

    demonstration.install()
    begun = time.monotonic()
    for first in range(0, count, BATCH):
        with transaction.atomic():
            for _ in range(min(BATCH, count - first)):
                world.start("demo.noop")
    while Run.objects.filter(state__in=(State.QUEUED, State.RUNNING, State.RETRYING)).exists():
        time.sleep(0.01)
    rate = count / (time.monotonic() - begun)
    assert Run.objects.filter(state=State.SUCCEEDED).count() == count, "a job did not succeed"
    return rate
