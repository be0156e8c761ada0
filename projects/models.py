"""Projects and their space. Written by projects/services/; `Quota.used` by pushes and the collector."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

MAX_NAME = 255
UNLIMITED = -1


class Project(models.Model):
    """The first component of a repository name, and the unit rights and space are given by.

    A deleted project keeps its row (`deleted_at`): its name is free at once, its id never comes back.
    `auth_epoch` moves when the project is made private or deleted, which ends every token issued for it
    before.
    """

    name = models.CharField(max_length=MAX_NAME, db_collation="C")
    public = models.BooleanField(default=False, db_default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="owned_projects"
    )
    auth_epoch = models.BigIntegerField(default=1, db_default=1)
    sparse_indexes = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "project"
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(deleted_at__isnull=True), name="project_name_alive"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Quota(models.Model):
    """Space of a project in bytes. `hard_limit` -1 is unlimited; `used` counts each blob once per project."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    used = models.BigIntegerField(default=0, db_default=0)
    hard_limit = models.BigIntegerField(default=UNLIMITED, db_default=UNLIMITED)

    class Meta:
        db_table = "quota"
        constraints = [
            models.CheckConstraint(condition=models.Q(used__gte=0), name="quota_used_not_negative"),
            models.CheckConstraint(condition=models.Q(hard_limit__gte=UNLIMITED), name="quota_limit_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.used} of {self.hard_limit} bytes"


class StorageDaily(models.Model):
    """Bytes a project used at the end of a day (UTC)."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    day = models.DateField()
    used = models.BigIntegerField()

    class Meta:
        db_table = "storage_daily"
        constraints = [models.UniqueConstraint(fields=["project", "day"], name="storage_daily_project_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.used} bytes"
