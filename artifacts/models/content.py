"""Repositories, blobs, artifacts, tags and the links between them (schema: reliability design, garbage collection)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from artifacts.models.references import reference

CURRENT = models.Q(deleted_at__isnull=True)
SHOWN = CURRENT & models.Q(visible_at__isnull=False)


class Repository(models.Model):
    """A named place for artifacts. `name` is the full name, project included, so that lists are in byte order by one index.

    It is visible from its first manifest on (`visible_at`); a deleted one keeps its row until the purge.
    """

    project = reference("projects.Project")
    name = models.TextField(db_collation="C")
    description = models.TextField(db_default="", default="")
    created_at = models.DateTimeField(db_default=Now())
    visible_at = models.DateTimeField(null=True)
    stars = models.IntegerField(db_default=0, default=0, help_text="rows of RepositoryStar")
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "repository"
        constraints = [
            models.UniqueConstraint(fields=["name"], name="repository_name_current", condition=CURRENT)
        ]
        indexes = [
            models.Index(fields=["project", "name"], name="repository_project_name", condition=CURRENT),
            models.Index(fields=["-created_at", "-id"], name="repository_newest", condition=SHOWN),
            models.Index(
                fields=["project", "-created_at", "-id"], name="repository_project_newest", condition=SHOWN
            ),
            models.Index(
                fields=["deleted_at"], name="repository_deleted", condition=models.Q(deleted_at__isnull=False)
            ),
            models.Index(
                fields=["created_at"], name="repository_unused", condition=models.Q(visible_at__isnull=True)
            ),
        ]


class Blob(models.Model):
    """Bytes in the blob store, known by digest. `digest` is 32 or 64 raw bytes: the length tells the algorithm."""

    digest = models.BinaryField(unique=True)
    size = models.BigIntegerField()
    storage_key = models.TextField(unique=True, db_collation="C")
    health = models.TextField(db_default="ok", default="ok")
    pushed_at = models.DateTimeField(db_default=Now())
    scrubbed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "blob"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(health__in=["ok", "suspect", "missing"]), name="blob_health_known"
            ),
            models.CheckConstraint(condition=models.Q(size__gte=0), name="blob_size_not_negative"),
        ]


class RepositoryBlob(models.Model):
    """The link that makes a blob visible in a repository and keeps it alive; `pinned_until` is its lease."""

    pk = models.CompositePrimaryKey("repository_id", "blob_id")
    repository = reference(Repository)
    blob = reference(Blob)
    pinned_until = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    created_by_kind = models.TextField(db_default="", default="")
    created_by_id = models.BigIntegerField(db_default=0, default=0)

    class Meta:
        db_table = "repository_blob"
        indexes = [models.Index(fields=["blob"], name="repository_blob_blob")]


class ProjectBlob(models.Model):
    """How many repositories of a project link a blob: quota counts a blob once a project."""

    pk = models.CompositePrimaryKey("project_id", "blob_id")
    project = reference("projects.Project")
    blob = reference(Blob)
    n_links = models.IntegerField()

    class Meta:
        db_table = "project_blob"


class Artifact(models.Model):
    """One manifest in one repository, its bytes as pushed, and the facts its pages show without reading a blob."""

    class Kind(models.TextChoices):
        IMAGE = "image"
        INDEX = "index"

    repository = reference(Repository)
    project_id = models.BigIntegerField(null=True, help_text="that of the repository, put in by a trigger")
    digest = models.BinaryField()
    media_type = models.TextField()
    payload = models.BinaryField()
    kind = models.TextField(choices=Kind.choices)
    artifact_type = models.TextField(db_default="", default="")
    subject_digest = models.BinaryField(null=True)
    annotations = models.TextField(
        db_default="{}", default="{}", help_text="ASCII-escaped JSON, verbatim values"
    )
    pinned_until = models.DateTimeField()
    pushed_at = models.DateTimeField(db_default=Now())
    pushed_by = models.TextField(db_default="", default="")
    total_size = models.BigIntegerField(
        db_default=0, default=0, help_text="bytes a client transfers for config and layers"
    )
    config = models.BinaryField(null=True, help_text="the config document, when it is JSON and small")
    config_type = models.TextField(db_default="", default="")
    os = models.TextField(db_default="", default="")
    architecture = models.TextField(db_default="", default="")
    variant = models.TextField(db_default="", default="")
    author = models.TextField(db_default="", default="")
    built_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "artifact"
        constraints = [
            models.UniqueConstraint(fields=["repository", "digest"], name="artifact_repository_digest")
        ]
        indexes = [
            models.Index(
                fields=["repository", "subject_digest"],
                name="artifact_subject",
                condition=models.Q(subject_digest__isnull=False),
            ),
            models.Index(fields=["repository", "-pushed_at", "id"], name="artifact_repository_pushed"),
            models.Index(fields=["project_id", "-pushed_at", "-id"], name="artifact_project_pushed"),
        ]


class ArtifactBlob(models.Model):
    """An artifact references a blob of its repository; (repository, blob) refers to the link, which it keeps alive."""

    pk = models.CompositePrimaryKey("artifact_id", "blob_id")
    artifact = reference(Artifact)
    repository = reference(Repository)
    blob = reference(Blob)

    class Meta:
        db_table = "artifact_blob"
        indexes = [models.Index(fields=["repository", "blob"], name="artifact_blob_link")]


class ArtifactChild(models.Model):
    """An index lists a manifest. `child` is NULL while the index is sparse; liveness asks by (repository, child_digest)."""

    pk = models.CompositePrimaryKey("parent_id", "child_digest")
    parent = reference(Artifact)
    repository = reference(Repository)
    child_digest = models.BinaryField()
    child = reference(Artifact, null=True)
    os = models.TextField(db_default="", default="")
    architecture = models.TextField(db_default="", default="")
    variant = models.TextField(db_default="", default="")

    class Meta:
        db_table = "artifact_child"
        indexes = [
            models.Index(fields=["child"], name="artifact_child_child"),
            models.Index(fields=["repository", "child_digest"], name="artifact_child_digest"),
        ]


class Tag(models.Model):
    """A name for an artifact, with the columns a tag list shows and sorts by."""

    repository = reference(Repository)
    name = models.TextField(db_collation="C")
    artifact = reference(Artifact)
    immutable = models.BooleanField(db_default=False, default=False)
    version_key = models.TextField(db_collation="C")
    created_at = models.DateTimeField(db_default=Now())
    pushed_at = models.DateTimeField(db_default=Now())
    pushed_by = models.TextField(db_default="", default="")
    size = models.BigIntegerField(db_default=0, default=0)
    platforms = ArrayField(models.TextField(), default=list)
    built_at = models.DateTimeField(null=True)
    last_pull_at = models.DateTimeField(null=True)
    pulls_30d = models.BigIntegerField(db_default=0, default=0)

    class Meta:
        db_table = "tag"
        constraints = [models.UniqueConstraint(fields=["repository", "name"], name="tag_repository_name")]
        indexes = [
            models.Index(fields=["artifact"], name="tag_artifact"),
            models.Index(fields=["repository", "-pushed_at", "id"], name="tag_repository_pushed"),
            models.Index(fields=["repository", "-version_key", "id"], name="tag_repository_version"),
            models.Index(fields=["repository", "-size", "id"], name="tag_repository_size"),
        ]
