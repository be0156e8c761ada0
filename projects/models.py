"""Projects and their space. Written by projects/services/; `Quota.used` by pushes and the collector."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from audit.pull_log import PullLog

MAX_NAME = 255
MAX_DESCRIPTION = 16 * 1024
UNLIMITED = -1
MAX_LABEL_NAME = 128
MAX_LABEL_DESCRIPTION = 1024


class Project(models.Model):
    """The first component of a repository name, and the unit rights and space are given by.

    A deleted project keeps its row (`deleted_at`): its name is free at once, its id never comes back.
    `auth_epoch` moves when the project is made private or deleted, which ends every token issued for it
    before.
    `description`: Markdown, read where it is shown alone. `pull_log`: an `audit.pull_log.PullLog`, read by the shipper of
    pulls.
    """

    name = models.CharField(max_length=MAX_NAME, db_collation="C")
    public = models.BooleanField(default=False, db_default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="owned_projects"
    )
    auth_epoch = models.BigIntegerField(default=1, db_default=1)
    sparse_indexes = models.BooleanField(default=True, db_default=True)
    description = models.TextField(default="", db_default="")
    pull_log = models.TextField(default=PullLog.COALESCED.value, db_default=PullLog.COALESCED.value)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "project"
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(deleted_at__isnull=True), name="project_name_alive"
            ),
            models.CheckConstraint(
                condition=models.Q(pull_log__in=[mode.value for mode in PullLog]), name="project_pull_log"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                include=["pull_log"],
                condition=~models.Q(pull_log=PullLog.COALESCED.value),
                name="project_pull_log_different",
            ),
            models.Index(
                fields=["-created_at", "-id"],
                condition=models.Q(deleted_at__isnull=True),
                name="project_newest",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Quota(models.Model):
    """Space of a project in bytes. `hard_limit` -1 is unlimited; `used` counts each blob once per project."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    used = models.BigIntegerField(default=0, db_default=0)
    hard_limit = models.BigIntegerField(default=UNLIMITED, db_default=UNLIMITED)
    updated_at = models.DateTimeField(db_default=Now(), help_text="when the limit was set")

    class Meta:
        db_table = "quota"
        constraints = [
            models.CheckConstraint(condition=models.Q(used__gte=0), name="quota_used_not_negative"),
            models.CheckConstraint(condition=models.Q(hard_limit__gte=UNLIMITED), name="quota_limit_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.used} of {self.hard_limit} bytes"


class ProjectContents(models.Model):
    """What lists of projects show and sort by: every project has a row from its first moment on.

    `repository_count`: repositories it shows; a trigger keeps it, so that no list has to count them. The rest is of the last
    fold of the statistics: `used` as Quota has it, in bytes; pulls of all its repositories; `last_push_at` None for never.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    repository_count = models.IntegerField(default=0, db_default=0)
    used = models.BigIntegerField(default=0, db_default=0)
    pulls_total = models.BigIntegerField(default=0, db_default=0)
    last_push_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "project_contents"

    def __str__(self) -> str:
        return f"{self.repository_count} repositories"


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


class ProjectPin(models.Model):
    """A project that somebody keeps at hand, for himself alone."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="pins", db_index=False
    )
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="pins")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "project_pin"
        constraints = [models.UniqueConstraint(fields=["user", "project"], name="project_pin_once")]

    def __str__(self) -> str:
        return f"project {self.project_id} of user {self.user_id}"


class Label(models.Model):
    """A word with a colour that people put on artifacts: of one project, or of all where `project` is NULL.

    `color` is "#RRGGBB" in upper case, "" for none.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="labels")
    name = models.CharField(max_length=MAX_LABEL_NAME)
    description = models.CharField(max_length=MAX_LABEL_DESCRIPTION, default="", db_default="")
    color = models.CharField(max_length=7, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "label"
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="label_name", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return self.name


class TagRule(models.Model):
    """Makes tags of a project immutable: those that one glob takes, in repositories whose path another one takes.

    The expressions are the globs for PostgreSQL, of the whole text: a push is decided by them while it holds its locks.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tag_rules")
    disabled = models.BooleanField(default=False, db_default=False)
    priority = models.IntegerField(
        default=0, db_default=0, help_text="kept for Harbor's clients, decides nothing"
    )
    repositories = models.TextField()
    repositories_excluded = models.BooleanField(default=False, db_default=False)
    repositories_expression = models.TextField()
    tags = models.TextField()
    tags_excluded = models.BooleanField(default=False, db_default=False)
    tags_expression = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "tag_rule"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "repositories", "repositories_excluded", "tags", "tags_excluded"],
                name="tag_rule_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.repositories} : {self.tags}"
