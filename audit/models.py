"""The audit log: one row per act, append-only. Written by audit.recorder alone."""

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
            models.Index("project_id", models.F("ts").desc(), "id", name="audit_event_project"),
            models.Index("actor_kind", "actor_id", models.F("ts").desc(), "id", name="audit_event_actor"),
            models.Index("operation", models.F("ts").desc(), "id", name="audit_event_operation"),
            models.Index("request_id", name="audit_event_request"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} by {self.actor_kind} {self.actor_name}: {self.result}"
