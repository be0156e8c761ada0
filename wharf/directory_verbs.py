"""`wharf ldap sync|import`: what changes accounts. The other verbs of `wharf ldap` only ask."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from core.errors import Conflict, InvalidInput
from wharf import console

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.sync.shapes import Plan, Step
    from jobs.models import Run

POLL_SECONDS = 0.3


def register(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "sync", "bring accounts and groups up to date with the directory")
    parser.add_argument("--dry-run", action="store_true", help="only show what would change")
    parser.add_argument("--wait", action="store_true", help="wait until the job has ended")
    parser.add_argument(
        "--accept-losses",
        type=_count,
        default=0,
        metavar="N",
        help="go on although N people and memberships would be lost, as a refused job says",
    )
    parser.set_defaults(run=sync)
    parser = console.verb(verbs, "import", "make accounts for people of the directory, or a group known here")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="what a person signs in to the directory with"
    )
    parser.add_argument("--group", metavar="DN", help="a group's distinguished name")
    parser.add_argument("--as", dest="alias", metavar="NAME", help="what the group is called here")
    parser.set_defaults(run=import_)


def _count(text: str) -> int:
    if not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number: write the one the refused job's message names"
        )
    return int(text)


def sync(options: argparse.Namespace) -> int:
    from accounts.sync import job

    if options.dry_run:
        return _show_plan(options, job.preview(console.actor()))
    run = job.start(console.actor(), accept_losses=options.accept_losses)
    if options.wait:
        return _waited(options, run)
    return console.show(options, {"job": run.pk}, f"job {run.pk} started: wharf jobs log {run.pk} --follow")


def _show_plan(options: argparse.Namespace, plan: Plan) -> int:
    steps = [_row(step) for step in plan.steps]
    facts = {
        "people": plan.people,
        "disabled": plan.disabled,
        "memberships": plan.memberships,
        "removed": plan.removed,
        "refused": plan.is_drastic,
        "notes": list(plan.notes),
        "steps": steps,
    }
    if options.json:
        return console.show(options, facts)
    console.show(options, steps)
    said = [f"note: {note}" for note in plan.notes]
    said.append(f"{len(plan.steps)} changes; nothing was written" if plan.steps else "nothing would change")
    if plan.is_drastic:
        said.append(f"so many would be lost that it takes: wharf ldap sync --accept-losses {plan.losses}")
    return console.show(options, {}, "\n".join(said))


def _row(step: Step) -> dict[str, Any]:
    from accounts.sync.shapes import Membership

    if isinstance(step, Membership):
        before, after = _names("-", step.removed), _names("+", step.added)
    else:
        before, after = _values(step.before), _values(step.after)
    return {"change": str(step.act), "of": step.name, "before": before, "after": after}


def _names(sign: str, people: Mapping[int, str]) -> str:
    shown = [f"{sign}{name}" for name in list(people.values())[:5]]
    return " ".join([*shown, f"and {len(people) - 5} more"] if len(people) > 5 else shown)


def _values(state: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key}: {('yes' if value else 'no') if isinstance(value, bool) else value or '-'}"
        for key, value in state.items()
    )


def _waited(options: argparse.Namespace, run: Run) -> int:
    from jobs.models import FINISHED, State

    while run.state not in FINISHED:
        time.sleep(POLL_SECONDS)
        run.refresh_from_db()
        if run.state == State.RETRYING:
            raise Conflict(f"job {run.pk} is tried again later: {run.error}")
    if run.state != State.SUCCEEDED:
        raise Conflict(f"job {run.pk} {run.state}: {run.error or 'see wharf jobs log'}")
    changes = sum(run.result.get("changes", {}).values())
    facts = {"job": run.pk, **run.result}
    return console.show(options, facts, f"job {run.pk} done: {changes} changes")


def import_(options: argparse.Namespace) -> int:
    from accounts.sync import people

    if not options.names and not options.group:
        raise InvalidInput("nothing to import: give names, or --group DN")
    actor, directory, made = console.actor(), people.the_directory(), []
    for name in options.names:
        user = people.import_person(actor, directory, name)
        made.append({"kind": "user", "name": user.username, "groups": user.groups.count()})
    if options.group:
        group = people.import_group_at(actor, directory, options.group, name=options.alias)
        made.append({"kind": "group", "name": group.name, "people": group.people.count()})
    if options.json:
        return console.show(options, made)
    lines = [f"{each['kind']} {each['name']} imported" for each in made]
    if options.group:
        lines.append(f"next: wharf member add PROJECT --group '{made[-1]['name']}' ROLE")
    return console.show(options, {}, "\n".join(lines))
