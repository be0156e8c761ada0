"""The card of a job, the same wherever one is shown: how it stands, how far it is, and what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.principal import Principal
from frontend import job_words
from frontend.components import charts, figures, states
from frontend.places import address
from jobs import browsing, queries

if TYPE_CHECKING:
    from jobs.models import Run

# A job that is so old is looked at so often: it has the time.
_QUICK, _STEADY = timedelta(minutes=1), timedelta(minutes=10)
_SUBJECTS: Final = {"repository": ("repository", "repository"), "project": ("project", "project")}


@dataclass(frozen=True, slots=True)
class Card:
    """`every`: how often a script asks anew, "" once the job has ended; `waits_until`: of one that is tried again then."""

    id: int
    path: str
    version: int
    title: str
    subject: str
    subject_link: str
    badge: SafeString
    is_active: bool
    is_stopping: bool
    by: SafeString
    begun: datetime | None
    attempt: str
    numbers: tuple[SafeString, ...]
    bar: SafeString
    phase: str
    current: str
    waits_until: datetime | None
    error: str
    failed: int
    failed_text: str
    every: str
    may_stop: bool
    may_retry: bool

    @property
    def log(self) -> str:
        return f"{self.path}#log"

    @property
    def may_retry_failed(self) -> bool:
        return self.may_retry and self.failed > 0


def card_of(actor: Principal, run: Run) -> Card:
    """For who sees the run (at most two queries, for what he may do with it)."""
    is_active = run.is_active
    is_stopping = is_active and run.stop_requested_at is not None
    return Card(
        id=run.pk,
        path=address("job", run=str(run.pk)),
        version=run.version,
        title=job_words.kind(run.kind),
        subject=run.subject_name,
        subject_link=subject_link(run),
        badge=badge(run),
        is_active=is_active,
        is_stopping=is_stopping,
        by=starter(run),
        begun=run.started_at or run.created_at,
        attempt=_attempt(run),
        numbers=tuple(_numbers(run)),
        bar=_bar(run),
        phase=job_words.phase(run.phase) if is_active else "",
        current=run.current if is_active else "",
        waits_until=run.retry_at,
        error=run.error,
        failed=run.failed,
        failed_text=job_words.failed(run.failed) if run.failed else "",
        every=every(run) if is_active else "",
        may_stop=is_active and not is_stopping and queries.may_stop(actor, run),
        may_retry=not is_active and browsing.may_retry(actor, run),
    )


def badge(run: Run) -> SafeString:
    """Waiting for another attempt is no failure, and one that was told to stop says so."""
    if run.is_active and run.stop_requested_at is not None:
        return states.state("running", _("stopping"))
    if run.state == "retrying":
        return states.state("retrying", _("will be tried again"))
    return states.state(job_words.STATES[run.state])


def every(run: Run) -> str:
    """Two seconds in the first minute, then five, after ten minutes fifteen."""
    age = timezone.now() - (run.started_at or run.created_at)
    return "2s" if age < _QUICK else "5s" if age < _STEADY else "15s"


def subject_link(run: Run) -> str:
    """Where the thing is that the job is about, "" for what has no page."""
    route, parameter = _SUBJECTS.get(run.subject_type, ("", ""))
    return address(route, **{parameter: run.subject_name}) if route and run.subject_name else ""


def starter(run: Run) -> SafeString:
    """Who began it: a name, or in words that it was the system or its schedule."""
    if run.actor_kind != "system":
        return figures.name(run.actor_name)
    words = _("schedule") if run.trigger == "schedule" else _("system")
    return format_html('<span title="{}">{}</span>', run.actor_name, words)


def progress(run: Run) -> SafeString:
    """As lists have it: "37 of 120", "37", or the bytes."""
    if run.total:
        return format_html("{} / {}", f"{run.done:,}", f"{run.total:,}")
    if run.bytes_done:
        return figures.size(run.bytes_done)
    return figures.count(run.done or None)


def lasted(run: Run) -> str:
    """How long the last attempt took, or has been going on; "" for one that has not begun."""
    if run.started_at is None:
        return ""
    end = run.finished_at or (datetime.now(UTC) if run.state == "running" else run.heartbeat_at)
    if end is None:
        return ""
    return job_words.span((end - run.started_at).total_seconds())


def _attempt(run: Run) -> str:
    if not run.attempts or run.max_attempts < 2:
        return ""
    return _("attempt %(number)s of %(most)s") % {"number": run.attempts, "most": run.max_attempts}


def _numbers(run: Run) -> list[SafeString]:
    """Items, share, bytes, rate, time left: those that are known."""
    found = []
    rate = queries.rate(run)
    if run.total:
        told = ngettext("%(done)s of %(all)s", "%(done)s of %(all)s", run.total)
        found.append(_bold(told, done=f"{run.done:,}", all=f"{run.total:,}"))
    elif run.done:
        found.append(_bold(ngettext("%(done)s item", "%(done)s items", run.done), done=f"{run.done:,}"))
    share = _share(run)
    if share is not None:
        found.append(format_html("<b>{} %</b>", share))
    if run.bytes_done:
        found.append(format_html("<b>{}</b>", figures.size_text(run.bytes_done)))
    if run.is_active and rate.bytes_per_second >= 1:
        found.append(_bold(_("rate %(speed)s/s"), speed=figures.size_text(int(rate.bytes_per_second))))
    elif run.is_active and rate.items_per_second >= 0.1:
        found.append(_bold(_("rate %(speed)s/s"), speed=f"{rate.items_per_second:,.1f}"))
    if rate.left is not None:
        found.append(_bold(_("about %(time)s left"), time=job_words.span(rate.left.total_seconds())))
    if not run.is_active and (took := lasted(run)):
        found.append(_bold(_("took %(time)s"), time=took))
    return found


def _bold(text: str, **values: str) -> SafeString:
    """The first value stands out, as a figure does in its sentence."""
    first = next(iter(values))
    shown = {
        name: format_html("<b>{}</b>", value) if name == first else value for name, value in values.items()
    }
    return format_html(text.replace("%(", "{").replace(")s", "}"), **shown)


def _share(run: Run) -> int | None:
    done, total = (run.done, run.total) if run.total else (run.bytes_done, run.bytes_total)
    if not total:
        return None
    return min(100, 100 * done // total)


def _bar(run: Run) -> SafeString:
    share = _share(run)
    if share is None:
        return SafeString("")
    return charts.progress(share, "fill" if run.state in ("running", "queued", "succeeded") else "fill-warn")
