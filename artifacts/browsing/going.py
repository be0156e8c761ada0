"""Where a pasted reference leads: the repository, tag or artifact it means, for who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from access.principal import Principal
from access.table import P
from artifacts.browsing import found
from artifacts.places import digest_of, located
from core.errors import Denied, InvalidInput, NotFound
from core.oci.digest import Digest
from core.oci.pasted import Pasted, digits
from core.oci.reference import Tag, parse_reference
from database import sql
from database.bounds import each_within


@dataclass(frozen=True, slots=True)
class Spot:
    """A repository that is there. `tag` or `digest`: what was named in it, "" for neither; `is_there`: whether that is, too."""

    repository: str
    tag: str = ""
    digest: str = ""
    is_there: bool = True


MILLISECONDS = 300
_THERE = "SELECT EXISTS (SELECT FROM artifact WHERE repository_id = %s AND digest = %s)"


def spot(actor: Principal, wanted: Pasted) -> Spot | None:
    """The first that is wholly there of what it may mean, else the first repository that is; None for none the actor may see
    (three queries for each name)."""
    near: Spot | None = None
    for name in wanted.names:
        try:
            place = located(actor, name, P.TAG_LIST, P.REPOSITORY_PULL)
        except (NotFound, Denied, InvalidInput):
            continue
        here = _inside(name, place.repository_id, wanted.reference)
        if here.is_there:
            return here
        near = near or here
    return near


def only_artifact(actor: Principal, text: str) -> Spot | None:
    """The one artifact whose digest begins so; None where there are several, none, or too many to look at (two queries).

    What lies in very many repositories of others costs whoever may see none of them a look at each.
    """
    begun = digits(text)
    if begun is None:
        return None
    question = partial(found.artifacts, actor, begun, limit=2)
    rows = each_within(MILLISECONDS, {"artifacts": question})["artifacts"] or []
    if len(rows) != 1:
        return None
    return Spot(rows[0].repository, digest=str(rows[0].digest))


def _inside(name: str, repository_id: int, reference: str) -> Spot:
    if not reference:
        return Spot(name)
    try:
        parsed = parse_reference(reference)
    except InvalidInput:
        return Spot(name, is_there=False)
    if isinstance(parsed, Tag):
        return Spot(name, tag=str(parsed), is_there=digest_of(repository_id, parsed) is not None)
    assert isinstance(parsed, Digest)
    return Spot(name, digest=str(parsed), is_there=bool(sql.value(_THERE, [repository_id, parsed.raw])))
