"""Stars: what people mark to find again. Whoever may see a repository may star it, once."""

from __future__ import annotations

from dataclasses import dataclass

from access.check import require
from access.principal import ActorKind, Principal
from access.table import P
from artifacts import repositories
from artifacts.repositories import CURRENT, Target
from audit.actions import Draft, action
from core.errors import Denied
from database import sql
from database.transactions import retried


@dataclass(frozen=True, slots=True)
class Stars:
    """How many people starred it, and whether the one who asks is among them."""

    count: int
    is_mine: bool


_STAR = "INSERT INTO repository_star (repository_id, user_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_UNSTAR = "DELETE FROM repository_star WHERE repository_id = %s AND user_id = %s"


@retried
def star(actor: Principal, target: Target) -> None:
    """Mark the repository as one's own; twice is once. Raises RepositoryUnknown, Denied (to robots too)."""
    with action(
        actor, P.REPOSITORY_LIST, target.project, name="repository.star", repository=str(target.name)
    ) as draft:
        draft.after({"starred": True})
        if not sql.execute(_STAR, _mine(actor, target, draft)):
            draft.discard()


@retried
def unstar(actor: Principal, target: Target) -> None:
    """Take the mark back; where there is none nothing changes. Raises RepositoryUnknown, Denied."""
    with action(
        actor, P.REPOSITORY_LIST, target.project, name="repository.unstar", repository=str(target.name)
    ) as draft:
        draft.before({"starred": True})
        if not sql.execute(_UNSTAR, _mine(actor, target, draft)):
            draft.discard()


def _mine(actor: Principal, target: Target, draft: Draft) -> list[int]:
    """(repository id, user id); the repository stays until the transaction ends."""
    if actor.kind is not ActorKind.USER:
        raise Denied("stars are people's: a robot has none")
    found: int | None = sql.value(
        f"SELECT r.id FROM repository r WHERE {CURRENT} AND r.visible_at IS NOT NULL FOR KEY SHARE",
        target.key,
    )
    if found is None:
        raise repositories.unknown(target)
    draft.resource("repository", found, str(target.name))
    return [found, actor.id]


def stars_of(actor: Principal, target: Target) -> Stars:
    """Raises RepositoryUnknown, ProjectUnknown, Denied."""
    require(actor, P.REPOSITORY_LIST, target.project, repository=str(target.name))
    user_id = actor.id if actor.kind is ActorKind.USER else 0
    found = sql.row(
        f"""
        SELECT r.stars, EXISTS (SELECT FROM repository_star own WHERE own.repository_id = r.id AND own.user_id = %(user)s)
        FROM repository r WHERE {CURRENT} AND r.visible_at IS NOT NULL
        """,
        target.key | {"user": user_id},
    )
    if found is None:
        raise repositories.unknown(target)
    return Stars(*found)
