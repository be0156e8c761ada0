"""Background work: what was asked for, how far it is, how it ended. PostgreSQL is the truth; a message only carries a run id.

Rows are written by jobs/ alone: services (people), relay, runner and reaper (machines). Every change of state is one guarded
statement, and every visible change moves `Run.version`.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

MAX_NAME = 255
MAX_KEY = 1024
MAX_TEXT = 2048


class State(models.TextChoices):
    """Of a run and of a task. The first three are active, the others final."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    STOPPED = "stopped"


ACTIVE = (State.QUEUED, State.RUNNING, State.RETRYING)
FINISHED = (State.SUCCEEDED, State.PARTIAL, State.FAILED, State.STOPPED)


class Trigger(models.TextChoices):
    """Why a run exists."""

    MANUAL = "manual"
    SCHEDULE = "schedule"
    EVENT = "event"
    CHAIN = "chain"


class Level(models.TextChoices):
    """Of a log line."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Run(models.Model):
    """One piece of background work. `arguments` holds ids only, never secrets; `result` what the body returned.

    `sent_at`: handed to the broker and not yet given back (a queued run without it waits for its queue's turn).
    `lease_owner` holds the run until `lease_until`; `attempts` fences a worker that lost it. `only_failed`: this time only
    the items that failed the last time. `version` moves with every visible change. Ids have no foreign keys: a run outlives
    what it speaks of. `started_at` is that of the latest attempt; `done` and `total` count within the phase.
    """

    kind = models.CharField(max_length=MAX_NAME)
    queue = models.CharField(max_length=MAX_NAME)
    state = models.CharField(
        max_length=16, choices=State.choices, default=State.QUEUED, db_default=State.QUEUED
    )
    trigger = models.CharField(
        max_length=16, choices=Trigger.choices, default=Trigger.MANUAL, db_default=Trigger.MANUAL
    )
    actor_kind = models.CharField(max_length=16)
    actor_id = models.BigIntegerField()
    actor_name = models.CharField(max_length=MAX_NAME)
    project_id = models.BigIntegerField(null=True)
    subject_type = models.CharField(max_length=64, default="", db_default="")
    subject_id = models.CharField(max_length=MAX_NAME, default="", db_default="")
    subject_name = models.CharField(max_length=MAX_KEY, default="", db_default="")
    arguments = models.JSONField(default=dict, db_default={})
    parent = models.ForeignKey(
        "self", on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="children"
    )
    single_key = models.CharField(max_length=MAX_KEY, default="", db_default="")
    phase = models.CharField(max_length=MAX_NAME, default="", db_default="")
    phase_started_at = models.DateTimeField(null=True)
    current = models.CharField(max_length=MAX_KEY, default="", db_default="")
    done = models.BigIntegerField(default=0, db_default=0)
    total = models.BigIntegerField(null=True)
    bytes_done = models.BigIntegerField(default=0, db_default=0)
    bytes_total = models.BigIntegerField(null=True)
    failed = models.BigIntegerField(default=0, db_default=0)
    attempts = models.IntegerField(default=0, db_default=0)
    max_attempts = models.IntegerField(default=1, db_default=1)
    only_failed = models.BooleanField(default=False, db_default=False)
    retry_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=MAX_TEXT, default="", db_default="")
    result = models.JSONField(default=dict, db_default={})
    log_lines = models.IntegerField(default=0, db_default=0)
    lease_owner = models.CharField(max_length=MAX_NAME, default="", db_default="")
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    stop_requested_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "job_run"
        constraints = [
            models.UniqueConstraint(
                fields=["single_key"],
                condition=models.Q(state__in=ACTIVE) & ~models.Q(single_key=""),
                name="job_run_single_active",
            ),
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="job_run_state_known"),
        ]
        indexes = [
            # Lists, newest first, by keyset (created_at, id).
            models.Index(models.F("created_at").desc(), models.F("id").desc(), name="job_run_newest"),
            models.Index(
                "state", models.F("created_at").desc(), models.F("id").desc(), name="job_run_by_state"
            ),
            models.Index(
                "kind", models.F("created_at").desc(), models.F("id").desc(), name="job_run_by_kind"
            ),
            models.Index(
                "project_id",
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="job_run_by_project",
                condition=models.Q(project_id__isnull=False),
            ),
            models.Index(
                "actor_kind",
                "actor_id",
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="job_run_by_actor",
            ),
            models.Index("subject_type", "subject_id", models.F("id").desc(), name="job_run_by_subject"),
            # The machines look at what is active alone, which is little.
            models.Index(
                "queue",
                "id",
                name="job_run_waiting",
                condition=models.Q(state=State.QUEUED, sent_at__isnull=True),
            ),
            models.Index(
                "queue",
                "state",
                name="job_run_sent",
                condition=models.Q(state__in=(State.QUEUED, State.RUNNING), sent_at__isnull=False),
            ),
            models.Index("retry_at", name="job_run_retrying", condition=models.Q(state=State.RETRYING)),
            models.Index(
                "finished_at", "queue", name="job_run_failed", condition=models.Q(state=State.FAILED)
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.kind}: {self.state}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE


class Task(models.Model):
    """One item of a run that did not go well at some time: `key` names it for people. Items that go well leave no row."""

    run = models.ForeignKey(
        Run, on_delete=models.DO_NOTHING, related_name="tasks", db_constraint=False, db_index=False
    )
    key = models.CharField(max_length=MAX_KEY)
    state = models.CharField(max_length=16, choices=State.choices)
    attempts = models.IntegerField(default=0, db_default=0)
    error = models.CharField(max_length=MAX_TEXT, default="", db_default="")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "job_task"
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="job_task_run_key")]

    def __str__(self) -> str:
        return f"{self.key}: {self.state}"


class LogLine(models.Model):
    """One line of a run's log, number `n` from 1. Bounded, and without secrets (jobs.redaction)."""

    pk = models.CompositePrimaryKey("run_id", "n")
    run = models.ForeignKey(
        Run, on_delete=models.DO_NOTHING, related_name="log", db_constraint=False, db_index=False
    )
    n = models.IntegerField()
    at = models.DateTimeField(db_default=Now())
    level = models.CharField(max_length=8, choices=Level.choices)
    message = models.TextField()
    fields = models.JSONField(default=dict, db_default={})

    class Meta:
        db_table = "job_log"

    def __str__(self) -> str:
        return f"{self.n} {self.level} {self.message}"


class Outbox(models.Model):
    """An event that happened with the transaction that wrote it; the relay makes runs of it and removes it."""

    event = models.CharField(max_length=MAX_NAME)
    payload = models.JSONField(default=dict, db_default={})
    actor_kind = models.CharField(max_length=16)
    actor_id = models.BigIntegerField()
    actor_name = models.CharField(max_length=MAX_NAME)
    project_id = models.BigIntegerField(null=True)
    subject_type = models.CharField(max_length=64, default="", db_default="")
    subject_id = models.CharField(max_length=MAX_NAME, default="", db_default="")
    subject_name = models.CharField(max_length=MAX_KEY, default="", db_default="")
    available_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "job_outbox"
        indexes = [models.Index("available_at", "id", name="job_outbox_due")]

    def __str__(self) -> str:
        return f"{self.event} {self.pk}"


class QueueControl(models.Model):
    """What an administrator changed of a queue; a queue without a row runs as the code says. `limit` None: the code's own."""

    name = models.CharField(max_length=MAX_NAME, primary_key=True)
    paused_at = models.DateTimeField(null=True)
    paused_by = models.CharField(max_length=MAX_NAME, default="", db_default="")
    limit = models.IntegerField(null=True)

    class Meta:
        db_table = "job_queue"

    def __str__(self) -> str:
        return self.name


class Worker(models.Model):
    """A worker process that is alive, or was: it writes `heartbeat_at` every few seconds. `slots`: runs it works on at once.

    `name` begins the `lease_owner` of every run its children hold.
    """

    name = models.CharField(max_length=MAX_NAME, primary_key=True)
    host = models.CharField(max_length=MAX_NAME)
    pid = models.IntegerField()
    queues = ArrayField(models.CharField(max_length=MAX_NAME), default=list, db_default=[])
    slots = models.IntegerField()
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "job_worker"

    def __str__(self) -> str:
        return self.name
