"""One search over all there is: repositories, tags, digests, projects, labels, people. What takes too long is left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from access.check import system_permissions_of
from access.principal import Principal
from access.table import P
from accounts.finding import people_named
from artifacts.browsing import found
from artifacts.search import repositories
from core.oci.pasted import SHORTEST_DIGEST, digits
from database.bounds import each_within
from projects import finding
from projects.labels import label_of

MILLISECONDS: Final = 300
MOST: Final = 1_000
"""So far a list of what was found can be walked: who wants more says more of what he wants."""


LOOKED_AT: Final = 2_000
"""Of more repositories that have a word in their names nobody asks which is the best."""


class Kind(StrEnum):
    """What is looked for, in the order of a page."""

    REPOSITORIES = "repositories"
    TAGS = "tags"
    DIGESTS = "digests"
    PROJECTS = "projects"
    LABELS = "labels"
    USERS = "users"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    full_name: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; `more`: there is more than that. `total`: of repositories, None where nobody counted (more
    than LOOKED_AT).

    `late`: it took too long, so nobody knows.
    """

    kind: Kind
    rows: Sequence[Any]
    more: bool = False
    total: int | None = None
    late: bool = False


def everything(
    actor: Principal, text: str, kinds: Collection[Kind], *, limit: int, offset: int = 0
) -> list[Group]:
    """The groups of these kinds, in their order, each with up to `limit` rows from `offset` on (one query each).

    Rows are search.Found, found.FoundTag, found.FoundArtifact, finding.FoundProject, finding.FoundLabel and Person. A kind that
    cannot be what `text` means is left out, as are people for who may not list them.
    """
    wanted = text.strip()
    if not wanted or offset >= MOST:
        return []
    asked = {
        str(kind): question
        for kind in Kind
        if kind in kinds
        and (question := _question(actor, kind, wanted, limit=limit + 1, offset=offset)) is not None
    }
    answers = each_within(MILLISECONDS, asked)
    return [_group(Kind(name), answers[name], limit) for name in asked]


def _question(
    actor: Principal, kind: Kind, text: str, *, limit: int, offset: int
) -> Callable[[], Any] | None:
    where = {"limit": limit, "offset": offset}
    if kind is Kind.DIGESTS:
        begun = digits(text.rpartition("@")[2])
        return None if begun is None else partial(found.artifacts, actor, begun, **where)
    if kind is Kind.TAGS:
        within, beginning = tag_in(text)
        return partial(found.tags, actor, beginning, within=within, **where)
    if kind is Kind.USERS:
        return partial(_people, actor, text, limit, offset) if _lists_people(actor) else None
    simple: dict[Kind, Any] = {
        Kind.REPOSITORIES: partial(repositories, most=LOOKED_AT),
        Kind.PROJECTS: finding.projects_named,
        Kind.LABELS: finding.labels_named,
    }
    return partial(simple[kind], actor, text, **where)


def _people(actor: Principal, text: str, limit: int, offset: int) -> list[Person]:
    return [
        Person(each.username, each.full_name) for each in people_named(actor, text)[offset : offset + limit]
    ]


def _lists_people(actor: Principal) -> bool:
    return P.USER_LIST in system_permissions_of(actor)


def _group(kind: Kind, answer: Any, limit: int) -> Group:
    if answer is None:
        return Group(kind, (), late=True)
    rows, total = answer if kind is Kind.REPOSITORIES else (answer, None)
    return Group(kind, rows[:limit], len(rows) > limit, None if total == LOOKED_AT else total)


def tag_in(text: str) -> tuple[str, str]:
    """(part of a repository's name, beginning of a tag) of "app:1.2" or "app 1.2"; the first is "" of a tag alone."""
    within, _mark, beginning = text.rpartition(":" if ":" in text else " ")
    return within.strip(), beginning.strip()


def is_digest(text: str) -> bool:
    """Whether it begins a digest rather than a name: long enough, and a digit among the letters."""
    begun = digits(text.strip())
    return begun is not None and (
        begun.size > 0 or (len(begun.hex) > SHORTEST_DIGEST and not begun.hex.isalpha())
    )


def tags_with_label(actor: Principal, label_id: int, *, limit: int, offset: int = 0) -> Group:
    """Tags of what carries the label (two queries). Raises LabelUnknown."""
    label_of(actor, label_id)
    question = partial(found.labelled, actor, label_id, limit=limit + 1, offset=min(offset, MOST))
    return _group(Kind.TAGS, each_within(MILLISECONDS, {str(Kind.TAGS): question})[str(Kind.TAGS)], limit)
