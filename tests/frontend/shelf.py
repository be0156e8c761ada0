"""Repositories for pages to show: real pushes where bytes matter, rows where only numbers do."""

from __future__ import annotations

from typing import Any

from artifacts import statistics
from database import sql
from tests.registry_api.rest.shelf import push, shelf, target

__all__ = ["push", "rows", "settled", "shelf", "target"]

_REPOSITORIES = """
    INSERT INTO repository (project_id, name, visible_at) SELECT %(project)s, %(name)s || '/r' || lpad(n::text, 3, '0'), now()
    FROM generate_series(1, %(many)s) n
"""
_ARTIFACTS = """
    INSERT INTO artifact (repository_id, digest, media_type, payload, kind, pinned_until, pushed_at, total_size)
    SELECT r.id, sha256((r.name || n)::bytea), 'application/vnd.oci.image.manifest.v1+json', '', 'image', now(),
      now() - n * interval '1 minute', n * 1000
    FROM repository r, generate_series(1, %(tags)s) n WHERE r.project_id = %(project)s
"""
_TAGS = """
    INSERT INTO tag (repository_id, name, artifact_id, version_key, platforms, pushed_at, size)
    SELECT a.repository_id, 'v' || lpad((a.total_size / 1000)::text, 4, '0'), a.id, lpad((a.total_size / 1000)::text, 4, '0'),
      ARRAY['linux/amd64'], a.pushed_at, a.total_size
    FROM artifact a JOIN repository r ON r.id = a.repository_id WHERE r.project_id = %(project)s
"""


def rows(project: Any, *, repositories: int = 1, tags: int = 0) -> str:
    """Repositories "r001" … of the project, each with tags "v0001" …; the full name of the first one."""
    values = {"project": project.pk, "name": project.name, "many": repositories, "tags": tags}
    for statement in (_REPOSITORIES, _ARTIFACTS, _TAGS):
        sql.execute(statement, values)
    settled()
    return f"{project.name}/r001"


def settled() -> None:
    """As a little later: what has changed is counted."""
    statistics.fold()
