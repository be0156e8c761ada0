"""`wharf schedule list|show|create|change|enable|disable|run|remove|next`."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from wharf import console, job_texts

if TYPE_CHECKING:
    from jobs.models import Schedule

WHEN = 'five cron fields, "@daily" or "@every 10m"'
SHOWN = 5


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("schedule", help="what is started when").add_subparsers(
        required=True, metavar="VERB"
    )
    console.verb(verbs, "list", "list schedules").set_defaults(run=list_)
    _of_one(verbs, "show", "all about a schedule, and when it is due next", show)
    _register_create(verbs)
    change_parser = _of_one(verbs, "change", "give a schedule other times", change)
    change_parser.add_argument("--cron", metavar="WHEN", help=WHEN)
    change_parser.add_argument("--time-zone", metavar="ZONE", help="e.g. Europe/Berlin")
    _of_one(verbs, "enable", "switch a schedule on", enable)
    _of_one(verbs, "disable", "switch a schedule off", disable)
    _of_one(verbs, "run", "start its job now", run_now)
    _of_one(verbs, "remove", "delete a schedule; its jobs stay", remove)
    next_parser = console.verb(verbs, "next", "try an expression: when would it be due?")
    next_parser.add_argument("cron", metavar="WHEN", help=WHEN)
    next_parser.add_argument("--time-zone", metavar="ZONE", default="UTC")
    next_parser.add_argument("--count", type=int, default=SHOWN)
    next_parser.set_defaults(run=next_)


def _of_one(verbs: console.SubParsers, name: str, help_: str, run: Any) -> argparse.ArgumentParser:
    parser = console.verb(verbs, name, help_)
    parser.add_argument("id", type=job_texts.number)
    parser.set_defaults(run=run)
    return parser


def _register_create(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "create", "start a kind of job again and again")
    parser.add_argument("kind", help="as in: wharf jobs list")
    parser.add_argument("cron", metavar="WHEN", help=WHEN)
    parser.add_argument("--time-zone", metavar="ZONE", default="UTC", help="e.g. Europe/Berlin; default: UTC")
    parser.add_argument("--arguments", metavar="JSON", default="{}", help="an object of ids the job takes")
    parser.add_argument("--disabled", action="store_true", help="not yet switched on")
    parser.set_defaults(run=create)


def list_(options: argparse.Namespace) -> int:
    from jobs import schedules

    shown = job_texts.schedule_facts if options.json else job_texts.schedule_row
    return console.show(options, [shown(found) for found in schedules.visible_schedules(console.actor())])


def show(options: argparse.Namespace) -> int:
    from jobs import schedules

    return _show(options, schedules.schedule(console.actor(), options.id))


def create(options: argparse.Namespace) -> int:
    from jobs import schedules

    try:
        arguments = json.loads(options.arguments)
    except ValueError as error:
        raise InvalidInput(f"--arguments is no JSON: {error}") from None
    if not isinstance(arguments, dict):
        raise InvalidInput("--arguments must be an object, as in '{\"policy_id\": 7}'")
    made = schedules.create(
        console.actor(),
        options.kind,
        cron=options.cron,
        time_zone=options.time_zone,
        arguments=arguments,
        enabled=not options.disabled,
    )
    return _show(options, made)


def change(options: argparse.Namespace) -> int:
    from jobs import schedules

    if options.cron is None and options.time_zone is None:
        raise InvalidInput("nothing to change: give --cron or --time-zone")
    return _show(
        options,
        schedules.update(console.actor(), options.id, cron=options.cron, time_zone=options.time_zone),
    )


def enable(options: argparse.Namespace) -> int:
    from jobs import schedules

    return _show(options, schedules.enable(console.actor(), options.id))


def disable(options: argparse.Namespace) -> int:
    from jobs import schedules

    return _show(options, schedules.disable(console.actor(), options.id))


def run_now(options: argparse.Namespace) -> int:
    from jobs import schedules

    run = schedules.run_now(console.actor(), options.id)
    return console.show(
        options, job_texts.facts(run), f"job {run.pk} is queued; watch it with: wharf jobs show {run.pk}"
    )


def remove(options: argparse.Namespace) -> int:
    from jobs import schedules

    schedules.delete(console.actor(), options.id)
    return console.show(options, {"id": options.id}, f"schedule {options.id} removed")


def next_(options: argparse.Namespace) -> int:
    from core import cron
    from jobs import schedules

    zone = cron.zone_named(options.time_zone)
    found = schedules.next_runs(options.cron, options.time_zone, max(options.count, 1))
    rows = [
        {"utc": job_texts.stamp(at), "there": at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M:%S %z")}
        for at in found
    ]
    return console.show(options, [{"utc": at.isoformat()} for at in found] if options.json else rows)


def _show(options: argparse.Namespace, found: Schedule) -> int:
    from jobs import schedules

    lines = {
        "schedule": f"{found.pk}  {found.kind} {found.subject_name}".rstrip(),
        "when": f"{found.cron}  ({found.in_words})",
        "state": "on" if found.enabled else "off",
        "next": ", ".join(job_texts.stamp(at) for at in schedules.upcoming(found, SHOWN)),
        "last": job_texts.stamp(found.fired_at),
        "job": str(found.last_run or ""),
        "note": found.note,
        "arguments": json.dumps(found.arguments) if found.arguments else "",
        "changed": f"{job_texts.stamp(found.changed_at)} by {found.changed_by}",
    }
    text = "\n".join(f"{name + ':':<11}{value}" for name, value in lines.items() if value)
    return console.show(options, job_texts.schedule_facts(found), text)
