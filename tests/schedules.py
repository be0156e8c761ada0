"""Schedules and jobs that tests leave in a database they share."""

from __future__ import annotations

from django.db.models import QuerySet

from jobs.models import ACTIVE, Run, Schedule


def remove(found: QuerySet[Schedule]) -> None:
    """With the rows that say when: their names would be taken for the next schedule of the kind."""
    for schedule in found.select_related("periodic"):
        periodic = schedule.periodic
        schedule.delete()
        periodic.delete()


def end(found: QuerySet[Run]) -> None:
    """One run of a kind at a time: those of other tests are over."""
    found.filter(state__in=ACTIVE).update(state="stopped")
