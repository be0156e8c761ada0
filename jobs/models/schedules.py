"""Rows of the schedules: what is started and when it is due next, the beats that look, and how many runs have ended.

*When* is written in django-celery-beat's rows (PeriodicTask with its CrontabSchedule or IntervalSchedule), which know cron
fields, time zones and words for people. *What*, and the moment that is claimed, are ours: see jobs.schedules.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django_celery_beat.models import PeriodicTask

from jobs.models.runs import MAX_KEY, MAX_NAME


class Schedule(models.Model):
    """One kind of run (about one subject) that is started again and again. Ids without foreign keys outlive what they name.

    `next_at`: when it is due, None while it is off. Whoever moves it on, from the very moment he has read, starts the run.
    `due_at`: the moment it was last due, `fired_at` when that was noticed, `last_run` what it started (None: nothing) and
    `note` why nothing was. `system`: made by Wharf itself; it can be changed and switched off, not deleted.
    """

    periodic = models.OneToOneField(PeriodicTask, on_delete=models.PROTECT, related_name="wharf_schedule")
    kind = models.CharField(max_length=MAX_NAME)
    arguments = models.JSONField(default=dict, db_default={})
    project_id = models.BigIntegerField(null=True)
    subject_type = models.CharField(max_length=64, default="", db_default="")
    subject_id = models.CharField(max_length=MAX_NAME, default="", db_default="")
    subject_name = models.CharField(max_length=MAX_KEY, default="", db_default="")
    system = models.BooleanField(default=False, db_default=False)
    next_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    fired_at = models.DateTimeField(null=True)
    last_run = models.BigIntegerField(null=True)
    note = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    changed_by = models.CharField(max_length=MAX_NAME, default="", db_default="")

    class Meta:
        db_table = "job_schedule"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_type", "subject_id"], name="job_schedule_one_per_subject"
            ),
        ]
        indexes = [
            models.Index("next_at", name="job_schedule_due", condition=models.Q(next_at__isnull=False)),
            models.Index(
                "project_id", name="job_schedule_project", condition=models.Q(project_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_name}".strip()

    @property
    def enabled(self) -> bool:
        return bool(self.periodic.enabled)

    @property
    def cron(self) -> str:
        """The expression, in five fields or as "@every 10m"."""
        if (interval := self.periodic.interval) is not None:
            return f"@every {interval.every}{interval.period[0]}"
        fields = self.periodic.crontab
        assert fields is not None
        parts = (fields.minute, fields.hour, fields.day_of_month, fields.month_of_year, fields.day_of_week)
        return " ".join(parts)

    @property
    def time_zone(self) -> str:
        return "UTC" if self.periodic.crontab is None else str(self.periodic.crontab.timezone)

    @property
    def in_words(self) -> str:
        """For people, in English: "At 02:30 AM Europe/Berlin", "every 10 minutes"."""
        if self.periodic.crontab is None:
            return str(self.periodic.interval)
        return str(self.periodic.crontab.human_readable)


class Beat(models.Model):
    """A beat process that looks for what is due, or did: it writes `ticked_at` every few seconds."""

    name = models.CharField(max_length=MAX_NAME, primary_key=True)
    host = models.CharField(max_length=MAX_NAME)
    pid = models.IntegerField()
    started_at = models.DateTimeField(db_default=Now())
    ticked_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "job_beat"

    def __str__(self) -> str:
        return self.name


class FinishedCount(models.Model):
    """How many runs of a kind have ever ended in a state; runs are forgotten, this is not. Written by a trigger (0004)."""

    pk = models.CompositePrimaryKey("kind", "state")
    kind = models.CharField(max_length=MAX_NAME)
    state = models.CharField(max_length=16)
    count = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "job_finished"

    def __str__(self) -> str:
        return f"{self.count} of {self.kind} {self.state}"
