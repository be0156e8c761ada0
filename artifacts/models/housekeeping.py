"""Upload sessions and the queues that the garbage collector works off."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from artifacts.models.content import Repository
from artifacts.models.references import reference


class Upload(models.Model):
    """An upload session. `received` moves only when a request ended whole; `lease_*` is the one writer at a time."""

    class State(models.TextChoices):
        OPEN = "open"
        FINALIZING = "finalizing"
        DONE = "done"

    id = models.UUIDField(primary_key=True)
    repository = reference(Repository)
    actor_kind = models.TextField()
    actor_id = models.BigIntegerField()
    actor_name = models.TextField()
    state = models.TextField(choices=State.choices, db_default="open", default="open")
    received = models.BigIntegerField(db_default=0, default=0)
    prefix_sha256 = models.BinaryField(
        null=True, help_text="digest of the first `received` bytes, when known"
    )
    digest = models.BinaryField(null=True, help_text="what the finishing request named")
    storage_state = models.TextField(
        db_default="", default="", help_text="the blob store's own note of the session"
    )
    lease_owner = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "upload"
        indexes = [
            models.Index(fields=["expires_at"], name="upload_expiry"),
            models.Index(fields=["repository"], name="upload_repository"),
            # Of open sessions alone: every POST counts its caller's, and finished ones stay for an hour.
            models.Index(
                fields=["actor_kind", "actor_id", "updated_at"],
                name="upload_open",
                condition=~models.Q(state="done"),
            ),
        ]


class GcEvent(models.Model):
    """A review the collector owes: kind m (artifact a), l (link of repository a and blob b) or b (blob a)."""

    kind = models.CharField(max_length=1)
    a = models.BigIntegerField()
    b = models.BigIntegerField(db_default=0, default=0)
    review_after = models.DateTimeField()
    attempts = models.SmallIntegerField(db_default=0, default=0)
    cause = models.TextField(db_default="", default="")

    class Meta:
        db_table = "gc_event"
        indexes = [
            models.Index(fields=["kind", "review_after"], name="gc_event_due"),
            models.Index(fields=["kind", "a", "b"], name="gc_event_key"),
        ]


class BlobTrash(models.Model):
    """A file of the blob store that no row needs any more; the collector deletes it after `delete_after`."""

    storage_key = models.TextField(primary_key=True, db_collation="C")
    digest = models.BinaryField(null=True)
    size = models.BigIntegerField()
    delete_after = models.DateTimeField()
    attempts = models.SmallIntegerField(db_default=0, default=0)

    class Meta:
        db_table = "blob_trash"
        indexes = [models.Index(fields=["delete_after"], name="blob_trash_due")]
