"""Files that runs leave for who asked for them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from jobs.models.runs import MAX_NAME


class OutputState(models.TextChoices):
    WRITING = "writing"
    READY = "ready"


class Output(models.Model):
    """The file of a run, for the actor who had it done. Written by jobs.outputs alone.

    `upload_id` and `digest` name its bytes in the store; `digest` is NULL until all of them were written. `size` in bytes.
    Ids have no foreign keys: a row waits for its bytes to be removed, whatever became of the run.
    """

    run_id = models.BigIntegerField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.BigIntegerField()
    name = models.CharField(max_length=MAX_NAME)
    media_type = models.CharField(max_length=MAX_NAME)
    state = models.CharField(
        max_length=16,
        choices=OutputState.choices,
        default=OutputState.WRITING,
        db_default=OutputState.WRITING,
    )
    upload_id = models.UUIDField()
    digest = models.BinaryField(null=True)
    size = models.BigIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "job_output"
        indexes = [
            models.Index("run_id", name="job_output_run"),
            models.Index("expires_at", name="job_output_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of run {self.run_id}: {self.state}"

    @property
    def sha256(self) -> str:
        """Lower-case hex, "" until it is whole."""
        return "" if self.digest is None else bytes(self.digest).hex()
