"""What lies on the disk and in the rows of uploads, beside what the API says."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.conf import settings

from core.oci.digest import Digest
from database import sql
from tests import invariants, plugin, session


def root() -> Path:
    return Path(unquote(urlsplit(settings.WHARF_STORAGE).path))


def staged(location: str) -> Path:
    """The staging file of a session, whether or not it is there."""
    return root() / "uploads" / location.rpartition("/")[2]


def published(location: str, digest: Digest) -> Path:
    """Where a session's bytes lie once they were renamed."""
    return root() / "blobs" / digest.hex[:2] / f"{digest.hex}.{location.rpartition('/')[2]}"


def files_of(digest: Digest) -> list[Path]:
    """Every file ever published under this digest that is still there."""
    return sorted((root() / "blobs").glob(f"{digest.hex[:2]}/{digest.hex}.*"))


def upload(location: str) -> dict[str, Any] | None:
    """The row of a session."""
    found = sql.row(
        "SELECT state, received, digest, lease_owner FROM upload WHERE id = %s",
        [UUID(location.rpartition("/")[2])],
    )
    return (
        None
        if found is None
        else dict(zip(("state", "received", "digest", "lease_owner"), found, strict=True))
    )


def set_upload(location: str, assignments: str) -> None:
    """Write to a session's row what a crash or the passing of time would have left there."""
    sql.execute(f"UPDATE upload SET {assignments} WHERE id = %s", [UUID(location.rpartition("/")[2])])


def in_trash(digest: Digest) -> list[str]:
    return [key for (key,) in sql.rows("SELECT storage_key FROM blob_trash WHERE digest = %s", [digest.raw])]


def used(project_id: int) -> int:
    """Bytes the project's quota counts."""
    return int(sql.value("SELECT used FROM quota WHERE project_id = %s", [project_id]))


def broken(*about: str) -> list[str]:
    """Invariants that do not hold, of those that speak of these digests, uploads, projects or repositories.

    Other tests share the database and damage blobs of their own on purpose.
    """
    with session.superuser(plugin.SERVICES, plugin.TEST_DATABASE) as connection:
        found = invariants.broken(connection, root())
    return [line for line in found if any(word in line for word in about)]
