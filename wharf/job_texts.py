"""Jobs and schedules as the commands show them: short rows for people, whole facts for programs. Times are UTC."""

from __future__ import annotations

import argparse
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.models import LogLine, Run, Schedule
    from jobs.queries import QueueFacts, WorkerFacts

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AGO = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)
LARGEST = 2**63 - 1
SHOWN_ITEMS = 20
SHOWN_RUNS = 3


def since(text: str) -> timedelta | datetime:
    """How long ago ("6h"), or a date or time (without a zone: UTC). Raises ArgumentTypeError."""
    if match := _AGO.fullmatch(text):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: write 30m, 6h, 2d, 2026-01-31 or 2026-01-31T08:00"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def number(text: str) -> int:
    """An id. Raises ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or int(text) > LARGEST:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no id: write the number in the first column of the list"
        )
    return int(text)


def moment(given: timedelta | datetime) -> datetime:
    """The time meant, by the database's clock."""
    from database import sql

    if isinstance(given, datetime):
        return given
    found: datetime = sql.value("SELECT now() - %s::interval", [given])
    return found


def stamp(when: datetime | None) -> str:
    return "" if when is None else when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def span(length: timedelta | None) -> str:
    """ "" "4 s", "3 min", "2 h 5 min", "9 d 1 h"."""
    if length is None:
        return ""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86400
    parts = ((days, "d"), (hours, "h"), (minutes, "min")) if days else ((hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count)


def done(run: Run) -> str:
    """ "37 of 120 (30 %)", "37", "", with the bytes where there are any."""
    from wharf.console import size_text

    parts = []
    if run.total:
        parts.append(f"{run.done} of {run.total} ({100 * run.done // run.total} %)")
    elif run.done:
        parts.append(str(run.done))
    if run.bytes_done:
        parts.append(size_text(run.bytes_done))
    return ", ".join(parts)


def lasted(run: Run) -> timedelta | None:
    end = run.finished_at or run.heartbeat_at
    return None if run.started_at is None or end is None else end - run.started_at


def row(run: Run) -> dict[str, Any]:
    return {
        "id": run.pk,
        "kind": run.kind,
        "subject": run.subject_name,
        "state": state(run),
        "progress": done(run),
        "created": stamp(run.created_at),
        "took": span(lasted(run)),
        "by": run.actor_name,
        "error": run.error.partition("\n")[0][:80],
    }


def state(run: Run) -> str:
    return f"{run.state}, stopping" if run.is_active and run.stop_requested_at else run.state


_FACTS = (
    "id", "kind", "queue", "state", "trigger", "actor_kind", "actor_id", "actor_name", "project_id", "subject_type",
    "subject_id", "subject_name", "arguments", "parent_id", "phase", "current", "done", "total", "bytes_done", "bytes_total",
    "failed", "attempts", "max_attempts", "retry_at", "error", "result", "log_lines", "stop_requested_at", "version",
    "created_at", "sent_at", "started_at", "heartbeat_at", "finished_at",
)  # fmt: skip


def facts(run: Run) -> dict[str, Any]:
    return {name: _plain(getattr(run, name)) for name in _FACTS}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def whole(run: Run, failed: list[dict[str, Any]]) -> str:
    """All about a run, a fact a line, and what to do next."""
    from jobs import queries

    rate = queries.rate(run)
    speed = f"{rate.items_per_second:.1f} a second" if rate.items_per_second and run.is_active else ""
    left = f"about {span(rate.left)} left" if rate.left is not None else ""
    lines = {
        "job": f"{run.pk}  {run.kind} {run.subject_name}".rstrip(),
        "state": state(run),
        "phase": " ".join(filter(None, (run.phase, f"({run.current})" if run.current else ""))),
        "progress": ", ".join(filter(None, (done(run), speed, left))),
        "error": run.error,
        "attempt": f"{run.attempts} of {run.max_attempts}" if run.attempts else "",
        "next try": stamp(run.retry_at),
        "queue": run.queue,
        "started by": f"{run.actor_name} ({run.trigger})",
        "created": stamp(run.created_at),
        "started": stamp(run.started_at),
        "ended": stamp(run.finished_at),
        "took": span(lasted(run)),
        "arguments": json.dumps(run.arguments) if run.arguments else "",
        "result": json.dumps(run.result) if run.result else "",
    }
    text = [f"{name + ':':<12}{value}" for name, value in lines.items() if value]
    return "\n".join([*text, *_items(run, failed), *_next(run, failed)])


def _items(run: Run, failed: list[dict[str, Any]]) -> list[str]:
    shown = [f"  {item['item']}: {item['error']}" for item in failed[:SHOWN_ITEMS]]
    more = run.failed - len(shown)
    rest = [f"  and {more} more (all of them: --json)"] if shown and more > 0 else []
    return ["", f"{run.failed or len(failed)} items failed:", *shown, *rest] if shown else []


def _next(run: Run, failed: list[dict[str, Any]]) -> list[str]:
    wanted = {"log": run.log_lines > 0, "stop": run.is_active, "retry": not run.is_active and bool(run.error)}
    verbs = [verb for verb, useful in wanted.items() if useful] + (
        ["retry-failed"] if failed and not run.is_active else []
    )
    return ["", *(f"  wharf jobs {verb} {run.pk}" for verb in verbs)] if verbs else []


def say(options: argparse.Namespace, line: LogLine) -> None:
    """One line of a log: text, or one JSON object."""
    if options.json:
        whole_line = {"n": line.n, "at": line.at.isoformat(), "level": line.level, "message": line.message}
        text = json.dumps(whole_line | {"fields": line.fields}, ensure_ascii=False)
    else:
        fields = "".join(f"  {name}={value}" for name, value in line.fields.items())
        text = f"{stamp(line.at)}  {line.level:<7}  {line.message}{fields}"
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def queue(found: QueueFacts, *, whole: bool) -> dict[str, Any]:
    oldest = found.oldest_waiting
    return {
        "queue": found.name,
        "waiting": found.waiting,
        "oldest": (oldest.total_seconds() if oldest is not None else None) if whole else span(oldest),
        "running": found.running,
        "limit": found.limit,
        "retrying": found.retrying,
        "failed_24h": found.failed_24h,
        "paused": _plain(found.paused_at) if whole else stamp(found.paused_at),
        "by": found.paused_by,
    }


def worker(found: WorkerFacts, *, whole: bool) -> dict[str, Any]:
    short = ", ".join(f"{run.pk} {run.kind}" for run in found.runs[:SHOWN_RUNS])
    return {
        "worker": found.name,
        "host": found.host,
        "pid": found.pid,
        "processes": found.slots,
        "alive": found.alive,
        "heard": _plain(found.heartbeat_at) if whole else stamp(found.heartbeat_at),
        "started": _plain(found.started_at) if whole else stamp(found.started_at),
        "jobs": [run.pk for run in found.runs] if whole else short,
    }


def schedule_row(found: Schedule) -> dict[str, Any]:
    return {
        "id": found.pk,
        "kind": found.kind,
        "subject": found.subject_name,
        "when": found.cron,
        "time_zone": "" if found.cron.startswith("@") else found.time_zone,
        "on": found.enabled,
        "next": stamp(found.next_at),
        "last": stamp(found.fired_at),
        "job": found.last_run,
        "note": found.note[:80],
    }


_SCHEDULE_FACTS = (
    "id", "kind", "arguments", "project_id", "subject_type", "subject_id", "subject_name", "system", "cron", "time_zone",
    "enabled", "in_words", "next_at", "due_at", "fired_at", "last_run", "note", "created_at", "changed_at", "changed_by",
)  # fmt: skip


def schedule_facts(found: Schedule) -> dict[str, Any]:
    from jobs import schedules

    known = {name: _plain(getattr(found, name)) for name in _SCHEDULE_FACTS}
    return known | {"upcoming": [_plain(at) for at in schedules.upcoming(found)]}
