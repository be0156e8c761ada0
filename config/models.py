"""What administrators set at run time. Written by config/services.py alone, read through config.current."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class StoredSetting(models.Model):
    """A setting that is not at its default. `value`: as its kind writes it; of a secret `{"sealed": "…"}` (core.sealing).

    `changed_by`: the actor's name at the time.
    """

    key = models.TextField(primary_key=True)
    value = models.JSONField()
    changed_by = models.TextField()
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "setting"

    def __str__(self) -> str:
        return self.key
