"""The list of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from access.principal import Principal
from frontend import job_cards, job_words
from frontend.components import figures
from frontend.lists.filters import Filter
from frontend.lists.keyset import Kind
from frontend.lists.spec import Column, Empty, Field, ListSpec, Sort
from frontend.lists.tags import DAYS
from frontend.places import address
from jobs import browsing

if TYPE_CHECKING:
    from jobs.models import Run

STATES: Final = {
    "queued": gettext_lazy("queued"),
    "running": gettext_lazy("running"),
    "retrying": gettext_lazy("will be tried again"),
    "succeeded": gettext_lazy("success"),
    "partial": gettext_lazy("partial"),
    "failed": gettext_lazy("failed"),
    "stopped": gettext_lazy("stopped"),
}
SORTS: Final = (
    Sort("made", "created_at", Kind.TIME, (gettext_lazy("oldest first"), gettext_lazy("newest first"))),
)


def spec(actor: Principal) -> ListSpec:
    """For that reader."""
    return ListSpec(
        name="jobs",
        caption=gettext_lazy("Jobs"),
        counted=lambda n: ngettext("job", "jobs", n),
        columns=COLUMNS,
        sorts=SORTS,
        default="-made",
        filters=_filters(actor),
        empty=Empty(
            gettext_lazy("No jobs yet"),
            gettext_lazy(
                "Long work, such as deleting hundreds of tags, runs in the background: its progress and its result stand here."
            ),
            "list-check",
        ),
        css="t-jobs cards",
        fields=FIELDS,
    )


def _filters(actor: Principal) -> tuple[Filter, ...]:
    return (
        Filter(
            "project",
            gettext_lazy("Project"),
            lambda rows, values: browsing.of_project(rows, values[0]),
            placeholder=gettext_lazy("Name of a project"),
        ),
        Filter("state", gettext_lazy("State"), browsing.in_states, STATES, several=True),
        Filter("kind", gettext_lazy("Kind"), browsing.of_kinds, job_words.known_kinds(), several=True),
        Filter(
            "by",
            gettext_lazy("Started by"),
            lambda rows, _values: browsing.started_by(rows, actor),
            {"me": gettext_lazy("me")},
        ),
        Filter(
            "trigger",
            gettext_lazy("Trigger"),
            lambda rows, values: browsing.triggered(rows, values[0]),
            job_words.TRIGGERS,
        ),
        Filter(
            "made",
            gettext_lazy("Created"),
            lambda rows, values: browsing.made_within(rows, int(values[0])),
            DAYS,
        ),
    )


def _named(run: Run) -> SafeString:
    title = job_words.kind(run.kind)
    return format_html(
        '<span class="line"><a class="res strong trunc" href="{}" title="{}">{}</a>'
        '<span class="muted">#{}</span></span>',
        address("job", run=str(run.pk)),
        title,
        title,
        run.pk,
    )


def _subject(run: Run) -> SafeString:
    link = job_cards.subject_link(run)
    if not run.subject_name:
        return figures.nothing()
    if not link:
        return figures.name(run.subject_name, 40)
    return format_html('<a class="res" href="{}">{}</a>', link, figures.name(run.subject_name, 40))


def _failed(run: Run) -> SafeString:
    return format_html('<span class="{}">{}</span>', "danger" if run.failed else "muted", f"{run.failed:,}")


def _attempts(run: Run) -> str:
    return _("%(number)s of %(most)s") % {"number": run.attempts, "most": run.max_attempts}


COLUMNS: Final = (
    Column("job", gettext_lazy("Job"), _named, "c-job"),
    Column("state", gettext_lazy("State"), job_cards.badge, "c-state"),
    Column("progress", gettext_lazy("Progress"), job_cards.progress, "c-prog num"),
    Column("failed", gettext_lazy("Failed"), _failed, "c-fail num"),
    Column("about", gettext_lazy("Subject"), _subject, "c-about"),
    Column("by", gettext_lazy("Started by"), job_cards.starter, "c-by sub"),
    Column("made", gettext_lazy("Created"), lambda run: figures.when(run.created_at), "c-made sub", "made"),
    Column(
        "took",
        gettext_lazy("Duration"),
        lambda run: job_cards.lasted(run) or figures.nothing(),
        "c-took num sub",
    ),
    Column("attempts", gettext_lazy("Attempts"), _attempts, "c-took num sub", is_usual=False),
    Column(
        "trigger",
        gettext_lazy("Trigger"),
        lambda run: str(job_words.TRIGGERS.get(run.trigger, run.trigger)),
        "c-by sub",
        is_usual=False,
    ),
)


def _of(name: str) -> Any:
    return lambda run: getattr(run, name)


FIELDS: Final = tuple(
    Field(name, _of(name))
    for name in (
        "id", "kind", "state", "trigger", "actor_name", "subject_type", "subject_name", "done", "total", "bytes_done", "failed",
        "attempts", "max_attempts", "error", "created_at", "started_at", "finished_at",
    )
)  # fmt: skip
