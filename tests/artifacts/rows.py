"""What a push left in the tables, read for one repository."""

from __future__ import annotations

from typing import Any

from artifacts.models import Artifact, Blob, Tag
from artifacts.models import Repository as Row
from audit.models import AuditEvent
from core.oci.digest import Digest
from database import sql
from tests.registry_api.client import Repository


def row(repository: Repository) -> Row:
    """The current row of that name."""
    return Row.objects.get(name=repository.name, deleted_at=None)


def artifact(repository: Repository, digest: str) -> Artifact:
    return Artifact.objects.get(repository_id=row(repository).pk, digest=Digest.parse(digest).raw)


def tag(repository: Repository, name: str) -> Tag:
    return Tag.objects.get(repository_id=row(repository).pk, name=name)


def blob(digest: str) -> Blob:
    return Blob.objects.get(digest=Digest.parse(digest).raw)


def last_event() -> int:
    """The id of the latest review."""
    return int(sql.value("SELECT coalesce(max(id), 0) FROM gc_event"))


def reviews(since: int) -> list[tuple[Any, ...]]:
    """(kind, a, b, cause) of the reviews written after `since`, in order."""
    return sql.rows("SELECT kind, a, b, cause FROM gc_event WHERE id > %s ORDER BY id", [since])


def acts(repository: Repository) -> list[AuditEvent]:
    """Audit events of the repository's project that succeeded, oldest first."""
    project_id = row(repository).project_id
    return list(AuditEvent.objects.filter(project_id=project_id, result="ok").order_by("id"))
