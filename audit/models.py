"""The audit log: one row per act, append-only, written by audit.recorder alone; and the pulls, written by audit.spool."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class AuditEvent(models.Model):
    """Who did what to which thing, from where, and whether it was allowed.

    The table is partitioned by month on `ts` and its primary key is (id, ts); migration 0001 creates it by
    hand. Names are those at the time of the act; ids have no foreign keys, so that events outlive what they
    speak of.
    """

    id = models.BigAutoField(primary_key=True)
    ts = models.DateTimeField(db_default=Now())
    actor_kind = models.TextField()
    actor_id = models.BigIntegerField()
    actor_name = models.TextField()
    auth = models.TextField()
    token_id = models.TextField(db_default="")
    ip = models.GenericIPAddressField(null=True)
    agent = models.TextField(db_default="")
    request_id = models.TextField(db_default="")
    operation = models.TextField()
    permission = models.TextField(db_default="")
    resource_type = models.TextField(db_default="")
    resource_id = models.TextField(db_default="")
    resource_name = models.TextField(db_default="")
    project_id = models.BigIntegerField(null=True)
    result = models.TextField()
    detail = models.JSONField(db_default={})

    class Meta:
        db_table = "audit_event"
        indexes = [
            models.Index(fields=["project_id", "ts", "id"], name="audit_event_project"),
            models.Index(fields=["actor_kind", "actor_id", "ts", "id"], name="audit_event_actor"),
            models.Index(fields=["operation", "ts", "id"], name="audit_event_operation"),
            models.Index("request_id", name="audit_event_request"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} by {self.actor_kind} {self.actor_name}: {self.result}"


class Pull(models.Model):
    """One manifest GET answered with 200, or `n` alike within 60 s. Filled by audit.spool alone.

    Partitioned by day on `ts`, the time of the first of the `n` by the clock of the host that answered it. There is no
    primary key in the database: ids are given by the sequence of the events, so that a number names one entry of either.
    """

    id = models.BigAutoField(primary_key=True)
    ts = models.DateTimeField()
    repository_id = models.BigIntegerField()
    project_id = models.BigIntegerField()
    actor_id = models.BigIntegerField()
    agent_id = models.IntegerField()
    n = models.IntegerField()
    actor_kind = models.TextField()
    actor_name = models.TextField()
    repository = models.TextField()
    tag = models.TextField()
    digest = models.BinaryField()
    ip = models.GenericIPAddressField(null=True)

    class Meta:
        db_table = "audit_pull"
        indexes = [models.Index(fields=["ts", "id"], name="audit_pull_time")]


class Agent(models.Model):
    """A user agent as clients sent it, once."""

    id = models.AutoField(primary_key=True)
    agent = models.TextField(unique=True)

    class Meta:
        db_table = "audit_agent"


class Spool(models.Model):
    """A spool file: everything before `position` (bytes) is in the database. Kept long after the file is gone."""

    name = models.TextField(primary_key=True)
    position = models.BigIntegerField(db_default=0)
    lines = models.BigIntegerField(db_default=0)
    lost = models.BigIntegerField(db_default=0)
    damaged = models.BigIntegerField(db_default=0)
    shipped_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "audit_spool"


class DamagedLine(models.Model):
    """What stood in a spool and is no line: its first bytes as they were found. `size` is the whole of it."""

    name = models.TextField()
    position = models.BigIntegerField()
    size = models.BigIntegerField()
    line = models.BinaryField()
    found_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "audit_spool_damage"


class Usage(models.Model):
    """Pulls of a repository by a tag ("" by digest) on a day (UTC)."""

    pk = models.CompositePrimaryKey("repository_id", "tag", "day")
    repository_id = models.BigIntegerField()
    tag = models.TextField(db_collation="C")
    day = models.DateField()
    project_id = models.BigIntegerField()
    pulls = models.BigIntegerField()

    class Meta:
        db_table = "audit_usage"
        indexes = [models.Index(fields=["project_id", "day"], name="audit_usage_project")]


class Pulled(models.Model):
    """Append-only until it is consumed: these pulls are not yet in the statistics of what was pulled."""

    repository_id = models.BigIntegerField()
    digest = models.BinaryField()
    tag = models.TextField()
    pulls = models.BigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "audit_pulled"
