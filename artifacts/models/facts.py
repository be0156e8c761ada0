"""Facts recorded from the first push, so that no page starts empty: history, layers, accessories, folded statistics."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from artifacts.models.content import Artifact, Repository
from artifacts.models.references import reference


class TagEvent(models.Model):
    """Append-only: what a tag pointed at, when, and who changed it. `size`: of what it then pointed at, in bytes."""

    class Kind(models.TextChoices):
        CREATE = "create"
        MOVE = "move"
        DELETE = "delete"
        RESTORE = "restore"

    repository = reference(Repository)
    name = models.TextField(db_collation="C")
    kind = models.TextField(choices=Kind.choices)
    old_digest = models.BinaryField(null=True)
    new_digest = models.BinaryField(null=True)
    size = models.BigIntegerField(null=True, help_text="bytes of the artifact it then named")
    at = models.DateTimeField(db_default=Now())
    actor_kind = models.TextField()
    actor_id = models.BigIntegerField()
    actor_name = models.TextField()

    class Meta:
        db_table = "tag_event"
        indexes = [
            models.Index(fields=["repository", "name", "-id"], name="tag_event_name"),
            models.Index(fields=["repository", "-at", "-id"], name="tag_event_repository"),
            models.Index(fields=["repository", "new_digest"], name="tag_event_digest"),
        ]


class ArtifactLayer(models.Model):
    """A layer of an artifact beside the history line that made it; `digest` is NULL for empty layers."""

    pk = models.CompositePrimaryKey("artifact_id", "position")
    artifact = reference(Artifact)
    position = models.IntegerField()
    digest = models.BinaryField(null=True)
    size = models.BigIntegerField(db_default=0, default=0)
    media_type = models.TextField(db_default="", default="")
    command = models.TextField(db_default="", default="")
    comment = models.TextField(db_default="", default="")
    created_at = models.DateTimeField(null=True)
    is_empty = models.BooleanField(db_default=False, default=False)

    class Meta:
        db_table = "artifact_layer"


class ArtifactAccessory(models.Model):
    """The artifact says something of another one in its repository: signs it, describes it, derives from it.

    Written for OCI subjects and for the fallback tags of clients that know no subject, so that "signed by" is one lookup.
    """

    pk = models.CompositePrimaryKey("artifact_id", "subject_digest")
    artifact = reference(Artifact)
    repository = reference(Repository)
    subject_digest = models.BinaryField()
    kind = models.TextField()

    class Meta:
        db_table = "artifact_accessory"
        indexes = [
            models.Index(fields=["repository", "subject_digest", "kind"], name="artifact_accessory_subject")
        ]


class ArtifactLabel(models.Model):
    """A label on an artifact: a global one, or one of the artifact's project. It leaves with either of them."""

    pk = models.CompositePrimaryKey("artifact_id", "label_id")
    artifact = reference(Artifact)
    label = reference("projects.Label")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "artifact_label"
        indexes = [models.Index(fields=["label", "artifact"], name="artifact_label_label")]


class RepositoryStar(models.Model):
    """A person's mark on a repository he wants to find again; `Repository.stars` counts them."""

    pk = models.CompositePrimaryKey("repository_id", "user_id")
    repository = reference(Repository)
    user = reference("accounts.User")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "repository_star"
        indexes = [models.Index(fields=["user"], name="repository_star_user")]


class RepositoryChange(models.Model):
    """Append-only, written by triggers: this repository's tags or artifacts changed, so its statistics are stale."""

    repository_id = models.BigIntegerField()

    class Meta:
        db_table = "repository_change"
        indexes = [models.Index(fields=["repository_id"], name="repository_change_of")]


class RepositoryStats(models.Model):
    """One row a repository that has had a manifest, written by the statistics fold: what list pages sort and show.

    A trigger makes the row, another one writes the project in it, so that a project's repositories are sorted by one index.
    """

    repository = models.OneToOneField(
        Repository, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    project_id = models.BigIntegerField(null=True, help_text="that of the repository, put in by a trigger")
    tag_count = models.IntegerField(db_default=0, default=0)
    artifact_count = models.IntegerField(db_default=0, default=0)
    listed_count = models.IntegerField(
        null=True, help_text="artifacts that stand in lists; right while no RepositoryChange waits"
    )
    logical_bytes = models.BigIntegerField(db_default=0, default=0, help_text="sum over artifacts")
    compressed_bytes = models.BigIntegerField(
        db_default=0, default=0, help_text="blobs its artifacts reference, each once"
    )
    unique_bytes = models.BigIntegerField(
        null=True, help_text="in no other repository of the project; nightly"
    )
    last_push_at = models.DateTimeField(null=True)
    last_push_by = models.TextField(db_default="", default="")
    last_pull_at = models.DateTimeField(null=True)
    pulls_total = models.BigIntegerField(db_default=0, default=0)
    folded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "repository_stats"
        indexes = [models.Index("project_id", include=["listed_count"], name="repository_stats_listed")]


class ArtifactUsage(models.Model):
    """Pulls of an artifact by whatever name, written only by the statistics fold. None: no row."""

    artifact = models.OneToOneField(
        Artifact, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    pulls_total = models.BigIntegerField(db_default=0, default=0)
    last_pull_at = models.DateTimeField()

    class Meta:
        db_table = "artifact_usage"
