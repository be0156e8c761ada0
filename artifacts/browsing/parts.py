"""The tags and accessories of one artifact, as rows that pages are made of."""

from __future__ import annotations

from django.db.models import QuerySet

from artifacts.browsing.details import Accessory
from artifacts.models import Artifact, ArtifactAccessory, Tag
from core.oci.digest import Digest


def tags(artifact: Artifact) -> QuerySet[Tag]:
    return Tag.objects.filter(artifact=artifact)


def accessories(artifact: Artifact) -> QuerySet[ArtifactAccessory]:
    """What in its repository says something of it."""
    rows = ArtifactAccessory.objects.filter(
        repository_id=artifact.repository_id, subject_digest=artifact.digest
    )
    shown = ("artifact__digest", "artifact__total_size", "artifact__pushed_at")
    return rows.select_related("artifact").only("subject_digest", "kind", "repository_id", *shown)


def accessory(subject: Artifact, row: ArtifactAccessory) -> Accessory:
    return Accessory(
        subject.pk,
        Digest.from_bytes(bytes(row.subject_digest)),
        row.artifact_id,
        Digest.from_bytes(bytes(row.artifact.digest)),
        row.kind,
        row.artifact.total_size,
        row.artifact.pushed_at,
    )
