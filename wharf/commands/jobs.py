"""`wharf jobs list|show|log|stop|retry|retry-failed|queues|pause|resume|limit|workers|schedules`."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from wharf import console, job_texts

if TYPE_CHECKING:
    from jobs.models import Run

DEFAULT_LIMIT = 50
FOLLOW_SECONDS = 1.0
LOG_PAGE = 1_000


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("jobs", help="background jobs, their queues and workers").add_subparsers(
        required=True, metavar="VERB"
    )
    _register_list(verbs)
    _of_one(verbs, "show", "all about a job", show)
    log_parser = _of_one(verbs, "log", "what a job has written", log)
    log_parser.add_argument("--follow", action="store_true", help="wait for more until the job has ended")
    _of_one(verbs, "stop", "stop a job; a running one ends at its next step", stop)
    _of_one(verbs, "retry", "do a job that has ended again, from its beginning", retry)
    _of_one(verbs, "retry-failed", "do only the items that failed again", retry_failed)
    console.verb(verbs, "queues", "what waits and runs in each queue").set_defaults(run=queues)
    _of_queue(verbs, "pause", "start no more jobs of a queue; running ones go on", pause)
    _of_queue(verbs, "resume", "start jobs of a paused queue again", resume)
    limit_parser = _of_queue(verbs, "limit", "how many jobs of a queue run at once", limit)
    limit_parser.add_argument("count", type=_limit, help="a number, or 'default'")
    console.verb(verbs, "workers", "worker processes, and what they are doing").set_defaults(run=workers)
    console.verb(verbs, "schedules", "what is started when (the same as: wharf schedule list)").set_defaults(
        run=schedules
    )


def _register_list(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "list", "list jobs, newest first")
    parser.add_argument(
        "--state", action="append", default=[], help="only these: active, or a state; may be repeated"
    )
    parser.add_argument("--kind", action="append", default=[], help="only these kinds; may be repeated")
    parser.add_argument("--queue", help="only this queue")
    parser.add_argument(
        "--since", type=job_texts.since, metavar="TIME", help="e.g. 30m, 6h, 2d, or 2026-01-31"
    )
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help=f"at most so many ({DEFAULT_LIMIT})")
    parser.set_defaults(run=list_)


def _of_one(verbs: console.SubParsers, name: str, help_: str, run: Any) -> argparse.ArgumentParser:
    parser = console.verb(verbs, name, help_)
    parser.add_argument("id", type=job_texts.number)
    parser.set_defaults(run=run)
    return parser


def _of_queue(verbs: console.SubParsers, name: str, help_: str, run: Any) -> argparse.ArgumentParser:
    parser = console.verb(verbs, name, help_)
    parser.add_argument("queue")
    parser.set_defaults(run=run)
    return parser


def _limit(text: str) -> int | None:
    if text == "default":
        return None
    if not text.isdigit() or len(text) > 6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number: write how many jobs, or 'default'")
    return int(text)


def list_(options: argparse.Namespace) -> int:
    from jobs import kinds, queries
    from jobs.models import ACTIVE, State

    found = queries.visible_runs(console.actor())
    if options.state:
        names = [name for name in options.state if name != "active"]
        _known("state", names, [*State.values, "active"])
        found = found.filter(state__in=[*names, *(ACTIVE if "active" in options.state else ())])
    if options.kind:
        # A kind that is no longer installed may still have runs.
        _known("kind", options.kind, [*(kind.name for kind in kinds.kinds()), *_kinds_of_old(options.kind)])
        found = found.filter(kind__in=options.kind)
    if options.queue:
        _known("queue", [options.queue], [queue.name for queue in kinds.queues()])
        found = found.filter(queue=options.queue)
    if options.since:
        found = found.filter(created_at__gte=job_texts.moment(options.since))
    if options.limit < 1:
        raise InvalidInput("--limit is at least 1")
    runs = found[: options.limit]
    return console.show(
        options, [job_texts.facts(run) if options.json else job_texts.row(run) for run in runs]
    )


def _kinds_of_old(names: list[str]) -> list[str]:
    from jobs.models import Run

    return [name for name in names if Run.objects.filter(kind=name).exists()]


def _known(what: str, given: list[str], known: list[str]) -> None:
    for name in given:
        if name not in known:
            raise InvalidInput(f"no {what} is named '{name}': choose from {', '.join(sorted(set(known)))}")


def show(options: argparse.Namespace) -> int:
    from jobs import queries

    run = queries.run(console.actor(), options.id)
    failed = [{"item": task.key, "attempts": task.attempts, "error": task.error} for task in _failed(run)]
    facts = job_texts.facts(run) | {"failed_items": failed}
    return console.show(options, facts, job_texts.whole(run, failed))


def _failed(run: Run) -> list[Any]:
    from jobs import queries
    from jobs.models import State

    return [task for task in queries.tasks(run.pk) if task.state == State.FAILED]


def log(options: argparse.Namespace) -> int:
    from jobs import queries

    run, after = queries.run(console.actor(), options.id), 0
    while True:
        ended = not run.is_active
        while lines := queries.log_lines(run.pk, after, LOG_PAGE):
            for line in lines:
                job_texts.say(options, line)
            after = lines[-1].n
        if ended or not options.follow:
            return 0
        time.sleep(FOLLOW_SECONDS)
        run = queries.run(console.actor(), options.id)


def stop(options: argparse.Namespace) -> int:
    from jobs import services
    from jobs.models import State

    run = services.stop(console.actor(), options.id)
    if run.state == State.STOPPED:
        text = f"job {run.pk} is stopped"
    elif run.is_active:
        text = f"job {run.pk} will stop at its next step; watch it with: wharf jobs show {run.pk}"
    else:
        text = f"job {run.pk} had ended already: {run.state}"
    return console.show(options, job_texts.facts(run), text)


def retry(options: argparse.Namespace) -> int:
    from jobs import services

    run = services.retry(console.actor(), options.id)
    return console.show(options, job_texts.facts(run), _queued(run))


def retry_failed(options: argparse.Namespace) -> int:
    from jobs import services

    run = services.retry_failed(console.actor(), options.id)
    return console.show(options, job_texts.facts(run), _queued(run))


def _queued(run: Run) -> str:
    return f"job {run.pk} is queued again; watch it with: wharf jobs show {run.pk}"


def queues(options: argparse.Namespace) -> int:
    from jobs import queries

    found = [job_texts.queue(queue, whole=options.json) for queue in queries.queues(console.actor())]
    return console.show(options, found)


def pause(options: argparse.Namespace) -> int:
    from jobs import services

    control = services.pause_queue(console.actor(), options.queue)
    facts = {"queue": control.name, "paused_at": control.paused_at, "paused_by": control.paused_by}
    text = f"queue {control.name} is paused; go on with: wharf jobs resume {control.name}"
    return console.show(options, facts, text)


def resume(options: argparse.Namespace) -> int:
    from jobs import services

    control = services.resume_queue(console.actor(), options.queue)
    return console.show(options, {"queue": control.name, "paused_at": None}, f"queue {control.name} goes on")


def limit(options: argparse.Namespace) -> int:
    from jobs import services

    control = services.limit_queue(console.actor(), options.queue, options.count)
    count = "its built-in number of" if control.limit is None else f"at most {control.limit}"
    facts = {"queue": control.name, "limit": control.limit}
    return console.show(options, facts, f"queue {control.name} runs {count} jobs at once")


def workers(options: argparse.Namespace) -> int:
    from jobs import queries

    found = [job_texts.worker(worker, whole=options.json) for worker in queries.workers(console.actor())]
    return console.show(options, found)


def schedules(options: argparse.Namespace) -> int:
    from wharf.commands import schedule

    return schedule.list_(options)
