"""What happened to the tags of a repository, the newest first: what it did to the size, and what can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from artifacts.models import TagEvent
from artifacts.places import Located
from core.oci.digest import Digest
from database import sql
from database.arrays import array

MOST_DRAWN: Final = 200
# An event tells the size itself; those of before it did are looked up, as long as the artifact is there. The event before is
# asked for by a range of one name: an equation would let it be looked for along the ids of all repositories.
_BESIDE: Final = """
    SELECT e.id, coalesce(e.size, named.total_size), coalesce(before.size, old.total_size),
      (CASE WHEN e.new_digest IS NULL THEN old.id ELSE named.id END) IS NOT NULL,
      coalesce(held.artifact_id = CASE WHEN e.new_digest IS NULL THEN old.id ELSE named.id END, false)
    FROM tag_event e
    LEFT JOIN artifact named ON named.repository_id = e.repository_id AND named.digest = e.new_digest
    LEFT JOIN artifact old ON old.repository_id = e.repository_id AND old.digest = e.old_digest
    LEFT JOIN tag held ON held.repository_id = e.repository_id AND held.name = e.name
    LEFT JOIN LATERAL (SELECT past.size FROM tag_event past WHERE past.repository_id = e.repository_id
      AND past.name >= e.name AND past.name <= e.name AND past.id < e.id ORDER BY past.name, past.id DESC LIMIT 1) before
      ON e.old_digest IS NOT NULL
    WHERE e.id = ANY(%s::bigint[])
"""
_SIZES: Final = f"""
    SELECT e.at, coalesce(e.size, (SELECT a.total_size FROM artifact a
      WHERE a.repository_id = e.repository_id AND a.digest = e.new_digest))
    FROM (SELECT * FROM tag_event WHERE repository_id = %(repository)s AND {{}} AND new_digest IS NOT NULL
      ORDER BY at DESC, id DESC LIMIT {MOST_DRAWN}) e ORDER BY e.at, e.id
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a tag. `old`, `new`: what it named before and after, None for nothing. Sizes in bytes, None where unknown.

    `is_there`: what it named then (of a deletion: before it) is still in the repository; `is_now`: the tag names just that.
    """

    id: int
    tag: str
    kind: str
    old: Digest | None
    new: Digest | None
    at: datetime
    actor: str
    size: int | None
    size_before: int | None
    is_there: bool
    is_now: bool

    @property
    def digest(self) -> Digest | None:
        """What the line is about: what the tag named since then, or until then."""
        return self.new or self.old

    @property
    def grown(self) -> int | None:
        """Bytes more than before, None where there is nothing to compare."""
        if self.new is None or self.old is None or self.size is None or self.size_before is None:
            return None
        return self.size - self.size_before


def rows(place: Located) -> QuerySet[Any]:
    """The changes of all tags of the repository, for who may list them; to be sorted by `at`."""
    return TagEvent.objects.filter(repository_id=place.repository_id)


def of_tag(changes: QuerySet[Any], name: str) -> QuerySet[Any]:
    """Those of the tag of that name."""
    return changes.filter(name=name)


def of_kind(changes: QuerySet[Any], kinds: Sequence[str]) -> QuerySet[Any]:
    """Those of any of the kinds: "create", "move", "delete", "restore"."""
    return changes.filter(kind__in=kinds)


def described(page: Sequence[Any]) -> list[Change]:
    """The rows of a page with all they show (one query)."""
    if not page:
        return []
    beside = {found[0]: found[1:] for found in sql.rows(_BESIDE, [array(each.pk for each in page)])}
    # What is gone since the rows were read went with its repository.
    return [_change(each, beside[each.pk]) for each in page if each.pk in beside]


def sizes(place: Located, tag: str = "") -> list[tuple[datetime, int]]:
    """What the tag ("": any) was pointed at, the last MOST_DRAWN times: when, and bytes (one query). Unknown ones are out."""
    which = "name = %(tag)s" if tag else "true"
    found = sql.rows(_SIZES.format(which), {"repository": place.repository_id, "tag": tag})
    return [(at, size) for at, size in found if size is not None]


def _change(event: Any, beside: sql.Row) -> Change:
    size, size_before, is_there, is_now = beside
    return Change(
        id=event.pk,
        tag=event.name,
        kind=event.kind,
        old=_digest(event.old_digest),
        new=_digest(event.new_digest),
        at=event.at,
        actor=event.actor_name,
        size=size,
        size_before=size_before,
        is_there=is_there,
        is_now=is_now,
    )


def _digest(raw: Any) -> Digest | None:
    return None if raw is None else Digest.from_bytes(bytes(raw))
