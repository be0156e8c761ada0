"""Tags and artifacts of all repositories by the beginning of their name or digest, limited to what the actor may see.

Each statement goes through an index in its order and stops when it has a page, as database.bounds has them planned: whoever may
see little of much that is called so needs time for it, and a search has little (artifacts.browsing.everything).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from access.principal import Principal
from access.reach import REPOSITORY_CONDITION, reach
from access.table import P
from artifacts.search import GRAM, MAX_TERM, grams
from core.oci.digest import Digest
from core.oci.pasted import Digits
from database import sql

NAMES: Final = 3
"""So many tags of an artifact stand beside its digest, the newest first."""

_SEEN: Final = f"""
    CROSS JOIN LATERAL (
      SELECT r.id, r.name, r.project_id FROM repository r
      WHERE r.id = found.repository_id AND r.deleted_at IS NULL AND r.visible_at IS NOT NULL OFFSET 0) r
    CROSS JOIN LATERAL (
      SELECT p.id, p.public FROM project p WHERE p.id = r.project_id AND p.deleted_at IS NULL OFFSET 0) p
    WHERE {REPOSITORY_CONDITION}
"""
_TAG: Final = "t.repository_id, t.name, t.artifact_id, t.platforms, t.size, t.pushed_at, t.version_key"
_SHOWN_TAG: Final = f"""
    SELECT r.name, found.name, (SELECT a.digest FROM artifact a WHERE a.id = found.artifact_id), found.platforms, found.size,
      found.pushed_at FROM found {_SEEN}
"""
_TAGS: Final = f"""
    WITH found AS NOT MATERIALIZED (
      SELECT {_TAG} FROM tag t WHERE t.name >= %(low)s AND t.name < %(high)s)
    {_SHOWN_TAG} ORDER BY found.name, found.repository_id LIMIT %(limit)s OFFSET %(offset)s
"""
# What has the name, then its tags, the newest version first; those of a repository that is called just that before others.
_TAGS_WITHIN: Final = f"""
    WITH named AS MATERIALIZED (
      SELECT r.id, r.name = %(whole)s AS is_whole, right(r.name, length(%(whole)s) + 1) = '/' || %(whole)s AS is_end
      FROM repository r WHERE r.deleted_at IS NULL AND r.visible_at IS NOT NULL
        AND wharf_grams(r.name) @> %(grams)s::text[] AND strpos('/' || r.name, %(part)s) > 0),
    found AS NOT MATERIALIZED (
      SELECT t.*, named.is_whole, named.is_end FROM named CROSS JOIN LATERAL (
        SELECT {_TAG} FROM tag t WHERE t.repository_id = named.id AND t.name >= %(low)s AND t.name < %(high)s OFFSET 0) t)
    {_SHOWN_TAG}
    ORDER BY found.is_whole DESC, found.is_end DESC, r.name, found.version_key DESC LIMIT %(limit)s OFFSET %(offset)s
"""
_LABELLED: Final = f"""
    WITH found AS NOT MATERIALIZED (
      SELECT t.* FROM artifact_label held CROSS JOIN LATERAL (
        SELECT {_TAG} FROM tag t WHERE t.artifact_id = held.artifact_id OFFSET 0) t
      WHERE held.label_id = %(label)s)
    {_SHOWN_TAG} ORDER BY found.artifact_id DESC, found.name LIMIT %(limit)s OFFSET %(offset)s
"""
_BESIDE: Final = f"""
    ARRAY(SELECT tag.name FROM tag WHERE tag.artifact_id = found.id ORDER BY tag.pushed_at DESC LIMIT {NAMES})
"""
_DIGESTS: Final = f"""
    WITH found AS NOT MATERIALIZED (
      SELECT a.id, a.repository_id, a.digest, a.total_size, a.pushed_at FROM artifact a
      WHERE a.digest >= %(low)s AND a.digest <= %(high)s AND %(size)s IN (0, octet_length(a.digest)))
    SELECT r.name, found.digest, {_BESIDE}, found.total_size, found.pushed_at, false FROM found {_SEEN}
    ORDER BY found.digest, found.id LIMIT %(limit)s OFFSET %(offset)s
"""
# What is a configuration (`docker images` shows that one) or a layer leads to the artifacts made of it. No order: a base layer
# lies in every repository.
_PARTS: Final = f"""
    WITH found AS NOT MATERIALIZED (
      SELECT a.* FROM (
        SELECT b.id FROM blob b WHERE b.digest >= %(low)s AND b.digest <= %(high)s AND %(size)s IN (0, octet_length(b.digest))
        ORDER BY b.digest LIMIT 5) b
      CROSS JOIN LATERAL (
        SELECT link.repository_id, link.blob_id FROM repository_blob link WHERE link.blob_id = b.id OFFSET 0) link
      CROSS JOIN LATERAL (
        SELECT used.artifact_id FROM artifact_blob used
        WHERE used.repository_id = link.repository_id AND used.blob_id = link.blob_id OFFSET 0) used
      CROSS JOIN LATERAL (
        SELECT a.id, a.repository_id, a.digest, a.total_size, a.pushed_at FROM artifact a
        WHERE a.id = used.artifact_id OFFSET 0) a)
    SELECT r.name, found.digest, {_BESIDE}, found.total_size, found.pushed_at, true FROM found {_SEEN}
    LIMIT %(limit)s OFFSET %(offset)s
"""


@dataclass(frozen=True, slots=True)
class FoundTag:
    """`repository`: its full name. `size` in bytes."""

    repository: str
    name: str
    digest: Digest
    platforms: tuple[str, ...]
    size: int
    pushed_at: datetime


@dataclass(frozen=True, slots=True)
class FoundArtifact:
    """`tags`: at most NAMES of it. `is_made_of`: it was not looked for itself, but its configuration or a layer."""

    repository: str
    digest: Digest
    tags: tuple[str, ...]
    size: int
    pushed_at: datetime
    is_made_of: bool


def tags(
    actor: Principal, beginning: str, *, within: str = "", limit: int, offset: int = 0
) -> list[FoundTag]:
    """Tags that begin so, by name; `within`: of repositories with that in their names, all of them where `beginning` is ""."""
    if not _is_sane(beginning + within) or not (beginning or within):
        return []
    part = within.lower() if len(within) >= GRAM else f"/{within.lower()}"
    values = {
        "low": beginning,
        "high": f"{beginning}\U0010ffff",
        "whole": within.lower(),
        "part": part,
        "grams": grams(part),
        "limit": limit,
        "offset": offset,
    }
    return _tags(actor, _TAGS_WITHIN if within else _TAGS, values)


def labelled(actor: Principal, label_id: int, *, limit: int, offset: int = 0) -> list[FoundTag]:
    """Tags of artifacts that carry the label, the newest artifact first. The caller has checked that the label may be seen."""
    return _tags(actor, _LABELLED, {"label": label_id, "limit": limit, "offset": offset})


def artifacts(actor: Principal, wanted: Digits, *, limit: int, offset: int = 0) -> list[FoundArtifact]:
    """Artifacts whose digest begins so; where there are none, those whose configuration or a layer of theirs does."""
    low, high = wanted.bounds
    values = reach(actor, P.ARTIFACT_READ).parameters | {
        "low": low,
        "high": high,
        "size": wanted.size,
        "limit": limit,
        "offset": offset,
    }
    found = sql.rows(_DIGESTS, values) or (sql.rows(_PARTS, values) if not offset else [])
    return [
        FoundArtifact(name, Digest.from_bytes(bytes(raw)), tuple(tags), size, pushed_at, is_made_of)
        for name, raw, tags, size, pushed_at, is_made_of in found
    ]


def _tags(actor: Principal, statement: str, values: dict[str, Any]) -> list[FoundTag]:
    """`values`: of the statement, without those of the reach."""
    return [
        FoundTag(repository, name, Digest.from_bytes(bytes(raw)), tuple(platforms), size, pushed_at)
        for repository, name, raw, platforms, size, pushed_at in sql.rows(
            statement, values | reach(actor, P.TAG_LIST).parameters
        )
    ]


def _is_sane(text: str) -> bool:
    """What a name can have in it."""
    return len(text) <= MAX_TERM and "\0" not in text and text.isprintable()
