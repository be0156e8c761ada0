"""Jobs for everybody who has some: the list, one with its card, its failed items and its log, and the brakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.principal import ActorKind, Principal
from accounts import browser
from core.errors import Unauthenticated
from frontend import job_cards, job_logs, job_words
from frontend.answers import is_fragment, see_other
from frontend.job_cards import Card
from frontend.job_logs import ShownLog
from frontend.lists import exports
from frontend.lists import jobs as lists
from frontend.lists.answers import answer
from frontend.lists.shown import Shown, shown
from frontend.methods import READ, takes
from frontend.places import address
from frontend.shell import Place, page
from jobs import browsing, log_text, queries, services

if TYPE_CHECKING:
    from jobs.models import Run, Task

HERE: Final = Place("jobs")
ITEMS: Final = 100
Crumbs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class JobsPage:
    list: Shown


@dataclass(frozen=True, slots=True)
class JobPage:
    """`failed`: items that failed at some time, ITEMS at most; `more_failed`: where there are more of them, "" for nowhere."""

    title: str
    above: Crumbs
    card: Card
    facts: tuple[tuple[str, str], ...]
    failed: tuple[Task, ...]
    more_failed: str
    log: ShownLog
    file: str


@READ
def show(request: HttpRequest) -> HttpResponseBase:
    """The list."""
    actor = _somebody(request)
    spec, rows = lists.spec(actor), queries.visible_runs(actor)
    if "kind" not in request.GET:
        rows = browsing.noteworthy(rows)
    if exports.is_asked(request):
        return exports.answer(request, spec, rows, described=list)
    list_ = shown(request, spec, rows, described=list)
    return answer(request, "frontend/jobs/jobs.html", JobsPage(list_), list_, at=HERE)


@READ
def one(request: HttpRequest, run: int) -> HttpResponse:
    """All about one; for a script that shows the card already, the card alone, or 204 while it is as it was."""
    actor = _somebody(request)
    found = queries.run(actor, run)
    if is_fragment(request) and "version" in request.GET:
        return _card(request, actor, found)
    return page(request, "frontend/jobs/job.html", _page(request, actor, found), at=HERE)


@READ
def log(request: HttpRequest, run: int) -> HttpResponseBase:
    """The log as a file; for a script that shows it, what came since."""
    found = queries.run(_somebody(request), run)
    if is_fragment(request):
        shown_log = job_logs.newer(request, found)
        if not shown_log.lines and shown_log.every:
            return HttpResponse(status=204)
        return render(request, "frontend/jobs/lines.html", {"log": shown_log})
    response = StreamingHttpResponse(log_text.pieces(found.pk), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="job-{found.pk}.log"'
    return response


@READ
def running(request: HttpRequest) -> HttpResponse:
    """How many of the reader's own are under way, for the bell."""
    number = browsing.under_way(browser.actor_of(request))
    most = browsing.MOST_COUNTED
    text = f"{most}+" if number > most else str(number) if number else ""
    told = ngettext("%(count)s job is under way", "%(count)s jobs are under way", number) % {"count": number}
    return render(request, "frontend/jobs/bell.html", {"number": text, "told": told})


@takes("POST")
def stop(request: HttpRequest, run: int) -> HttpResponse:
    """At once, or at its next step."""
    return _done(request, run, services.stop)


@takes("POST")
def retry(request: HttpRequest, run: int) -> HttpResponse:
    """From its beginning."""
    return _done(request, run, services.retry)


@takes("POST")
def retry_failed(request: HttpRequest, run: int) -> HttpResponse:
    """What failed alone."""
    return _done(request, run, services.retry_failed)


def _done(request: HttpRequest, run: int, act: Callable[[Principal, int], Run]) -> HttpResponse:
    act(_somebody(request), run)
    return see_other(address("job", run=str(run)))


def _somebody(request: HttpRequest) -> Principal:
    """Raises Unauthenticated: nobody has jobs without an account."""
    actor = browser.actor_of(request)
    if actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated("sign in to see your jobs")
    return actor


def _card(request: HttpRequest, actor: Principal, run: Run) -> HttpResponse:
    if request.GET["version"] == str(run.version):
        return HttpResponse(status=204)
    card = job_cards.card_of(actor, run)
    told = {"card": card, "is_news": not card.is_active, "failed": _failed(request, run)}
    return render(request, "frontend/jobs/card.html", told)


def _page(request: HttpRequest, actor: Principal, run: Run) -> JobPage:
    failed = _failed(request, run)
    return JobPage(
        title=f"{job_words.kind(run.kind)} #{run.pk}",
        above=((_("Jobs"), address("jobs")),),
        card=job_cards.card_of(actor, run),
        facts=job_logs.facts(run),
        failed=failed,
        more_failed=f"?failed_after={failed[-1].pk}" if len(failed) == ITEMS else "",
        log=job_logs.shown(request, run),
        file=job_logs.file_of(actor, run),
    )


def _failed(request: HttpRequest, run: Run) -> tuple[Task, ...]:
    return browsing.failed_items(run.pk, after=request.GET.get("failed_after", ""), limit=ITEMS)
