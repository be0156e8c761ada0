"""What stands below the card of a job: its log as a page shows it, its facts, and the file it has left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from access.principal import Principal
from frontend import job_cards, job_words
from frontend.components import figures
from frontend.components.states import state
from frontend.places import address
from jobs import browsing, log_text, outputs
from jobs.browsing import LogPage

if TYPE_CHECKING:
    from jobs.models import LogLine, Run

LEVELS: Final = ("warning", "error")
MAX_SEARCH: Final = 200
BIGGEST: Final = 2**31 - 1
_EXPORT: Final = "audit.export"
_BADGES: Final = {"warning": "partial", "error": "failed"}


@dataclass(frozen=True, slots=True)
class Line:
    """`badge`: "" for what is no more than told."""

    n: int
    at: SafeString
    level: str
    badge: SafeString
    text: str


@dataclass(frozen=True, slots=True)
class ShownLog:
    """`earlier`, `later`: the addresses with the lines before and after; `following`: what a script asks for those that are
    written yet; "" for none of them.
    """

    lines: tuple[Line, ...]
    levels: tuple[tuple[str, str, bool], ...]
    text: str
    is_filtered: bool
    earlier: str
    later: str
    following: str
    every: str
    download: str


def shown(request: HttpRequest, run: Run) -> ShownLog:
    """The last lines that the address asks for (one query)."""
    level, text, before, after = _asked(request)
    found = browsing.log_page(run.pk, level=level, text=text, before=before, after=after)
    return _shown(run, found, level, text, follows=not found.later)


def newer(request: HttpRequest, run: Run) -> ShownLog:
    """The lines after the last one that a page shows."""
    level, text, _before, after = _asked(request)
    found = browsing.log_page(run.pk, level=level, text=text, after=after)
    return _shown(run, found, level, text, follows=True)


def facts(run: Run) -> tuple[tuple[str, str], ...]:
    """(what, value) of what the card leaves out; those that are there."""
    known = (
        (_("Kind"), run.kind),
        (_("Queue"), run.queue),
        (_("Trigger"), str(job_words.TRIGGERS.get(run.trigger, run.trigger))),
        (_("Created"), figures.when(run.created_at, absolute=True)),
        (_("Started"), figures.when(run.started_at, absolute=True) if run.started_at else ""),
        (_("Ended"), figures.when(run.finished_at, absolute=True) if run.finished_at else ""),
        (_("Arguments"), _json(run.arguments)),
        (_("Result"), _json(run.result)),
    )
    return tuple((what, value) for what, value in known if value)


def file_of(actor: Principal, run: Run) -> str:
    """Where its file is for who asked for it, "" where it left none."""
    if run.kind != _EXPORT or run.is_active or (run.actor_kind, run.actor_id) != (str(actor.kind), actor.id):
        return ""
    return f"/api/v2.0/export/audit-logs/download/{run.pk}" if outputs.kept([run.pk]) else ""


def _asked(request: HttpRequest) -> tuple[str, str, int, int]:
    """(level, text, before, after)."""
    level = request.GET.get("level", "")
    text = request.GET.get("find", "").strip()[:MAX_SEARCH].replace("\0", "")
    before, after = (_number(request.GET.get(name, "")) for name in ("before", "after"))
    return level if level in LEVELS else "", text, before, after


def _number(text: str) -> int:
    return min(int(text), BIGGEST) if text.isascii() and text.isdecimal() and len(text) < 12 else 0


def _shown(run: Run, found: LogPage, level: str, text: str, *, follows: bool) -> ShownLog:
    wanted = {name: value for name, value in (("level", level), ("find", text)) if value}
    is_followed = follows and run.is_active
    download = address("job_log", run=str(run.pk))

    def page(**at: int) -> str:
        """The page of the log there, "" for nowhere."""
        known = {name: number for name, number in at.items() if number}
        return f"{address('job', run=str(run.pk))}?{urlencode({**wanted, **known})}#log" if known else ""

    return ShownLog(
        lines=tuple(_line(each) for each in found.lines),
        levels=tuple((name, str(job_words.LEVELS[name]), name == level) for name in LEVELS),
        text=text,
        is_filtered=bool(wanted),
        earlier=page(before=found.earlier),
        later=page(after=found.later),
        following=f"{download}?{urlencode({**wanted, 'after': found.last})}" if is_followed else "",
        every=job_cards.every(run) if is_followed else "",
        download=download if run.log_lines else "",
    )


def _line(entry: LogLine) -> Line:
    badge = state(_BADGES[entry.level], str(job_words.LEVELS[entry.level])) if entry.level in _BADGES else ""
    text = log_text.plain(entry.message) + log_text.fields(entry)
    return Line(entry.n, figures.clock(entry.at), entry.level, SafeString(badge), text)


def _json(found: object) -> str:
    return json.dumps(found, ensure_ascii=False, default=str) if found else ""
