"""Deleting all tags that a filter leaves: what would go, the job that is asked for it, and what the job does.

The job looks by the same filter again, and takes only tags that stood as they are when somebody saw what would go: whatever was
pushed or moved since then stays. Each deletion is an act of its own, by the rights its asker has then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import QuerySet

from access.check import require
from access.principal import ActorKind, Principal
from access.table import P
from artifacts import places, read_only, tags
from artifacts.browsing import filters as named
from artifacts.browsing import tags as browsing
from artifacts.places import Located
from audit.actions import action
from core.errors import Denied, ManifestUnknown
from core.oci.digest import Digest
from core.oci.reference import Tag
from database import sql
from database.transactions import retried
from jobs import services
from jobs.subjects import Subject

if TYPE_CHECKING:
    from jobs.models import Run
    from jobs.progress import Progress

KIND: Final = "tags.delete"
SHOWN: Final = 10
BATCH: Final = 500

Filters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Matching:
    """`going`: so many tags, the first SHOWN by name; `staying`: so many that match are immutable; `until`: as of then."""

    going: int
    names: tuple[str, ...]
    staying: int
    until: datetime


def matching(actor: Principal, place: Located, filters: Filters) -> Matching:
    """What a job with these filters would do now, for who may delete tags (four queries). Raises InvalidInput, Denied."""
    require(actor, P.TAG_DELETE, place.target.project, repository=str(place.target.name))
    until: datetime = sql.value("SELECT now()")
    going = _going(place, filters, until)
    names = going.order_by("-version_key", "-pk").values_list("name", flat=True)
    every = named.narrowed(browsing.rows(place), place, filters).order_by()
    number = going.count()
    return Matching(number, tuple(names[:SHOWN]), every.count() - number, until)


@retried
def start(actor: Principal, place: Located, filters: Filters, until: datetime) -> Run:
    """Have them deleted by a job. With all rights alone: a key that is for some of them would be more by it.

    Raises InvalidInput, RepositoryUnknown, AlreadyActive (one such job of a repository at a time), ReadOnly, Denied.
    """
    target = place.target
    with action(
        actor, P.TAG_DELETE, target.project, name="tag.delete-start", repository=str(target.name)
    ) as draft:
        read_only.refuse()
        if not actor.is_whole or actor.kind not in (ActorKind.USER, ActorKind.SYSTEM):
            raise Denied(
                "jobs delete tags for people who are signed in: delete them one by one with this key"
            )
        asked = {name: list(values) for name, values in filters.items()}
        named.narrowed(browsing.rows(place), place, asked)
        run = services.start(
            KIND,
            actor=actor,
            arguments={"repository": str(target.name), "filters": asked, "until": until.isoformat()},
            subject=Subject("repository", str(place.repository_id), str(target.name)),
            project=target.project,
        )
        draft.resource("repository", place.repository_id, str(target.name))
        draft.after({"job": run.pk, "filters": asked})
    return run


def remove(progress: Progress, actor: Principal, *, repository: str, filters: Filters, until: str) -> int:
    """The work, for its asker as he is now; how many tags went.

    Raises Denied, ProjectUnknown, RepositoryUnknown, Interrupted.
    """
    place = places.located(actor, repository, P.TAG_DELETE)
    going = _going(place, filters, datetime.fromisoformat(until))
    progress.phase("deleting tags", total=going.count())
    gone = 0
    for item in progress.items(_pairs(going), key=lambda pair: pair[0]):
        with item:
            gone += _delete(actor, place, *item.value)
    return gone


def _delete(actor: Principal, place: Located, name: str, digest: Digest) -> int:
    """What has gone or moved meanwhile is none of ours."""
    try:
        tags.delete(actor, place.target, Tag.parse(name), of=digest)
    except ManifestUnknown:
        return 0
    return 1


def _going(place: Located, filters: Filters, until: datetime) -> QuerySet[Any]:
    found = named.narrowed(browsing.rows(place), place, filters).filter(pushed_at__lte=until)
    return browsing.immutable(found, place, wanted=False)


def _pairs(going: QuerySet[Any]) -> Iterator[tuple[str, Digest]]:
    """(name, digest) of each, in batches by their ids: those behind are gone."""
    last = 0
    while batch := list(
        going.filter(pk__gt=last).order_by("pk").values_list("pk", "name", "artifact__digest")[:BATCH]
    ):
        for _id, name, digest in batch:
            yield name, Digest.from_bytes(bytes(digest))
        last = batch[-1][0]
