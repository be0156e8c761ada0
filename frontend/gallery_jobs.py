"""The card of a job in each of its states, for the gallery."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from frontend.components import charts, figures, states
from frontend.job_cards import Card


def cards() -> dict[str, SafeString]:
    """By the state. None of them asks anew by itself."""
    now = timezone.now()
    running = _running(now)
    ended = replace(running, is_active=False, may_stop=False, may_retry=True, phase="", current="")
    made = {
        "running": running,
        "waiting": replace(
            running,
            id=2,
            badge=states.state("retrying", "will be tried again"),
            waits_until=now + timedelta(minutes=5),
            error="the storage is nearly full: make room <b>first</b>",
        ),
        "partial": replace(
            ended,
            id=3,
            badge=states.state("partial"),
            bar=charts.progress(100, "fill-warn"),
            failed=3,
            failed_text="3 items failed",
        ),
        "ended": replace(ended, id=4, badge=states.state("success"), bar=charts.progress(100)),
    }
    return {name: _drawn(card) for name, card in made.items()}


def _drawn(card: Card) -> SafeString:
    return SafeString(render_to_string("frontend/jobs/card.html", {"card": card}))


def _running(now: datetime) -> Card:
    return Card(
        id=1,
        path="#job-1",
        version=1,
        title="Delete tags",
        subject="team/app/api",
        subject_link="#repository",
        badge=states.state("running"),
        is_active=True,
        is_stopping=False,
        by=figures.name("ops-oncall"),
        begun=now - timedelta(minutes=47),
        attempt="attempt 1 of 3",
        numbers=(
            format_html("<b>{}</b> of {}", "12,400", "18,400"),
            format_html("<b>{} %</b>", 67),
            format_html("about <b>{}</b> left", "6 min"),
        ),
        bar=charts.progress(67),
        phase="deleting tags",
        current="1.10.0-hotfix-of-the-night-before-20251103",
        waits_until=None,
        error="",
        failed=0,
        failed_text="",
        every="",
        may_stop=True,
        may_retry=False,
    )
