"""`wharf audit purge`: what is older than the settings keep is dropped."""

from __future__ import annotations

import argparse
from typing import Any

from core.errors import InvalidInput
from wharf import console


def register(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "purge", "drop what is older than the settings keep, in the background")
    parser.add_argument("--dry-run", action="store_true", help="only list what would be dropped")
    parser.add_argument("--only", choices=("events", "pulls"), help="not the other")
    parser.add_argument(
        "--older-than", type=int, metavar="DAYS", help="in place of the settings; at least 30"
    )
    parser.add_argument(
        "--although-changed", action="store_true", help="drop months, too, that do not verify"
    )
    parser.set_defaults(run=purge)


def purge(options: argparse.Namespace) -> int:
    from audit.purge import FLOOR_DAYS
    from audit.streams import Stream
    from config import audit_purge

    if options.older_than is not None and options.older_than < FLOOR_DAYS:
        raise InvalidInput(f"the audit log keeps at least {FLOOR_DAYS} days")
    streams = [Stream(options.only)] if options.only else list(Stream)
    if options.dry_run:
        return _plan(options, streams)
    run = audit_purge.start(
        console.actor(), streams=streams, days=options.older_than, although_changed=options.although_changed
    )
    return console.show(
        options, {"job": run.pk}, f"job {run.pk} is queued; watch it with: wharf jobs log {run.pk} --follow"
    )


def _plan(options: argparse.Namespace, streams: list[Any]) -> int:
    from audit import purge as purging
    from config import audit_purge

    keep = audit_purge.kept_days(options.older_than, streams)
    rows = [purging.facts(partition) | {"rows": partition.rows()} for partition in purging.due(keep)]
    if not rows and not options.json:
        print("nothing is old enough")
        return 0
    return console.show(options, rows)
