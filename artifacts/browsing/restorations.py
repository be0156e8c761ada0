"""What would happen if a tag was set back: what it names now, what it would name then, and for how long that is certain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from access.check import require
from access.principal import Principal
from access.table import P
from artifacts import immutability
from artifacts.places import Located
from core.errors import ManifestUnknown
from core.oci.accessory import fallback_tag_subject
from core.oci.digest import Digest
from core.oci.reference import Tag
from database import sql

_WANTED: Final = f"""
    SELECT a.total_size, a.pinned_until, a.pinned_until > now(),
      EXISTS (SELECT FROM tag other WHERE other.artifact_id = a.id)
        OR EXISTS (SELECT FROM artifact_child part WHERE part.child_id = a.id),
      event.at, event.actor_name, t.digest, t.size, coalesce(t.is_fixed, false)
    FROM artifact a
    CROSS JOIN LATERAL (SELECT at, actor_name FROM tag_event e WHERE e.repository_id = a.repository_id AND e.name = %(tag)s
      AND (e.new_digest = a.digest OR e.old_digest = a.digest) ORDER BY e.at DESC, e.id DESC LIMIT 1) event
    LEFT JOIN LATERAL (SELECT named.digest, t.size, {immutability.IS_FIXED} AS is_fixed
      FROM tag t JOIN artifact named ON named.id = t.artifact_id
      WHERE t.repository_id = a.repository_id AND t.name = %(tag)s) t ON true
    WHERE a.repository_id = %(repository)s::bigint AND a.digest = %(digest)s
"""


@dataclass(frozen=True, slots=True)
class Restoration:
    """`now`, `size_now`: what the tag names, None for a tag that is gone. Sizes in bytes.

    `last_at`, `last_by`: the change that was the last one to speak of what is wanted. `kept_until`: before that nothing
    collects it, None once that has passed; `is_held`: another tag or an index keeps it. `is_fixed`: the tag is immutable.
    """

    tag: str
    digest: Digest
    size: int
    now: Digest | None
    size_now: int | None
    last_at: datetime
    last_by: str
    kept_until: datetime | None
    is_held: bool
    is_fixed: bool


def restoration(actor: Principal, place: Located, tag: Tag, digest: Digest) -> Restoration:
    """What setting the tag back would do, for who may (two queries). Raises Denied, ManifestUnknown."""
    require(actor, P.TAG_RESTORE, place.target.project, repository=str(place.target.name))
    values = {"repository": place.repository_id, "tag": tag.value, "digest": digest.raw}
    found = sql.row(_WANTED, values)
    if found is None:
        raise ManifestUnknown(
            f"what the tag {tag} named is gone from {place.target.name}, or it never named it",
            reference=tag.value,
        )
    size, pinned_until, is_pinned, is_held, at, by, raw, size_now, is_fixed = found
    return Restoration(
        tag=tag.value,
        digest=digest,
        size=size,
        now=None if raw is None else Digest.from_bytes(bytes(raw)),
        size_now=size_now,
        last_at=at,
        last_by=by,
        kept_until=pinned_until if is_pinned else None,
        is_held=is_held,
        # Tags of signatures are exempt: artifacts.tags decides so.
        is_fixed=is_fixed and fallback_tag_subject(tag.value) is None,
    )
