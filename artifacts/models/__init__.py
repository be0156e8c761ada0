"""The tables of repositories and what they hold. Written by this app's services alone, with SQL that takes explicit locks."""

from artifacts.models.content import (
    Artifact,
    ArtifactBlob,
    ArtifactChild,
    Blob,
    ProjectBlob,
    Repository,
    RepositoryBlob,
    Tag,
)
from artifacts.models.facts import (
    ArtifactAccessory,
    ArtifactLabel,
    ArtifactLayer,
    ArtifactUsage,
    RepositoryChange,
    RepositoryStar,
    RepositoryStats,
    TagEvent,
)
from artifacts.models.housekeeping import BlobTrash, GcEvent, Upload

__all__ = [
    "Artifact",
    "ArtifactAccessory",
    "ArtifactBlob",
    "ArtifactChild",
    "ArtifactLabel",
    "ArtifactLayer",
    "ArtifactUsage",
    "Blob",
    "BlobTrash",
    "GcEvent",
    "ProjectBlob",
    "Repository",
    "RepositoryBlob",
    "RepositoryChange",
    "RepositoryStar",
    "RepositoryStats",
    "Tag",
    "TagEvent",
    "Upload",
]
