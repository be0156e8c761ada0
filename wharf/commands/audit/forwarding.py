"""`wharf audit forward test|status|from`: the log as a syslog server gets it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from wharf import console
from wharf.commands.audit import times

if TYPE_CHECKING:
    from audit.forward.status import Status
    from audit.forward.target import Target


def register(verbs: console.SubParsers) -> None:
    parser = verbs.add_parser("forward", help="what a syslog server gets of the log")
    ours = parser.add_subparsers(required=True, metavar="VERB")
    console.verb(
        ours, "test", "send a message to the syslog server from here, and wait until it has read it"
    ).set_defaults(run=test)
    console.verb(ours, "status", "how far forwarding has come, on this host").set_defaults(run=status)
    begin = console.verb(
        ours, "from", "forward what was written from a time on: again, or without what lies before"
    )
    begin.add_argument("since", type=times.day_or_time, metavar="TIME", help="such as 2026-11-21T18:00 (UTC)")
    begin.set_defaults(run=begin_at)


def test(options: argparse.Namespace) -> int:
    from config import forward_trial

    endpoint = forward_trial.send_test(console.actor())
    return console.show(options, {"endpoint": endpoint}, f"{endpoint} has the message")


def status(options: argparse.Namespace) -> int:
    from pathlib import Path

    from django.conf import settings

    from audit.forward import collecting
    from audit.forward import status as told
    from config import current, forwarding

    target = forwarding.target(current.snapshot().get)
    found = told.of(Path(settings.WHARF_AUDIT_FORWARD))
    lag = collecting.lag() if target else 0.0
    return console.show(options, _facts(target, found, lag), "\n".join(_lines(target, found, lag)))


def _facts(target: Target | None, found: Status, lag: float) -> dict[str, Any]:
    return {
        "endpoint": str(target.endpoint) if target else None,
        "pulls": bool(target and target.pulls),
        "lag_seconds": round(max(lag, found.oldest_seconds), 1) if target else 0,
        "waiting_bytes": found.waiting_bytes,
        "sent": found.sent,
        "failures": found.failures,
        "confirmed_at": found.confirmed_at or None,
        "failed_at": found.failed_at or None,
        "error": found.error or None,
    }


def _lines(target: Target | None, found: Status, lag: float) -> list[str]:
    if target is None:
        lines = ["the audit log is not forwarded: set audit_log_forward_endpoint"]
    else:
        what = "events and pulls" if target.pulls else "events"
        late = round(max(lag, found.oldest_seconds))
        lines = [f"{what} go to {target.endpoint}; the oldest that is not known to be there is {late} s old"]
    lines.append(f"{found.sent:,} messages sent from this host, {found.waiting_bytes:,} bytes wait here")
    if found.error:
        lines.append(f"the last try failed at {found.failed_at} ({found.failures:,} in all): {found.error}")
    return lines


def begin_at(options: argparse.Namespace) -> int:
    from access.table import P
    from audit.actions import action
    from audit.forward import collecting

    with action(console.actor(), P.CONFIGURATION_UPDATE, name="audit.forward-from") as act:
        collecting.begin_at(options.since)
        act.resource("audit-log", None, options.since.isoformat())
        act.after({"from": options.since.isoformat()})
    text = f"what was written from {options.since.isoformat()} on is forwarded"
    return console.show(options, {"from": options.since.isoformat()}, text)
