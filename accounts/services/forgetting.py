"""What is left of a person once his account is removed: "deleted user 12" where his name was, but in the audit log.

Keys, sessions and memberships go with the account. Names that others' rows keep (who pushed, who made a member one) are
replaced by a run, because there may be millions: it needs the id alone, and learns from the audit log which names he had when.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from core.errors import InvalidInput
from database import sql
from jobs import events
from jobs.subjects import Subject

if TYPE_CHECKING:
    from access.principal import Principal

EVENT: Final = "user.deleted"
# A request that was under way when he was removed is refused within five seconds; what it wrote before that is found too.
SETTLED: Final = timedelta(seconds=10)
DELAY: Final = timedelta(seconds=15)
# Registry tokens from before a rename say the name he had, for half an hour at most.
RENAMED: Final = timedelta(minutes=35)

_EXISTS = "SELECT EXISTS (SELECT FROM account_user WHERE id = %s)"
_ROBOTS = "UPDATE robot SET created_by_name = %s WHERE created_by_kind = 'user' AND created_by_id = %s"
_CHOSEN = "DELETE FROM access_token WHERE user_id = %s AND kind = 'cli' AND digest IS NULL"
_NAMING = """
    SELECT ts, operation, detail -> 'before' ->> 'username', detail -> 'after' ->> 'username' FROM audit_event
    WHERE operation IN ('user.create', 'user.register', 'user.rename', 'user.delete') AND result = 'ok'
      AND resource_type = 'user' AND resource_id = %s ORDER BY ts, id
"""
_MEMBERS = """
    UPDATE member SET created_by_name = %(stands_for)s
    FROM unnest(%(names)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[]) AS his(name, since, until)
    WHERE created_by_name = his.name AND created_at BETWEEN coalesce(his.since, '-infinity') AND his.until
"""


def forget_chosen_secret(user_id: int) -> None:
    """Part of the act that gives an account a password of its own: a chosen CLI secret stood for one, where there was none."""
    sql.execute(_CHOSEN, (user_id,))


def stands_for(user_id: int) -> str:
    """What is shown where his name was. It has spaces, so that nobody can sign in by such a name."""
    return f"deleted user {user_id}"


def begin(actor: Principal, user_id: int) -> None:
    """Part of the act that removes the account."""
    sql.execute(_ROBOTS, (stands_for(user_id), user_id))
    subject = Subject("user", str(user_id), stands_for(user_id))
    events.publish(EVENT, {"user_id": user_id}, actor=actor, subject=subject, delay=DELAY)


def names_of(user_id: int) -> dict[str, Any]:
    """The names a removed user had, for SQL: `user`, `stands_for`, and `names` with `since` (None: always) and `until`.

    A name he gave up may be somebody else's since, or was before: only what was written while it was his is his.
    Raises InvalidInput for somebody whose account is there.
    """
    if sql.value(_EXISTS, (user_id,)):
        raise InvalidInput(
            f"user {user_id} has an account: remove that, and the name is taken out", user=user_id
        )
    periods = list(_periods(sql.rows(_NAMING, (str(user_id),))))
    return {
        "user": user_id,
        "stands_for": stands_for(user_id),
        "names": [name for name, _, _ in periods],
        "since": [since for _, since, _ in periods],
        "until": [until for _, _, until in periods],
    }


def forget_members(his: dict[str, Any]) -> int:
    """Take him out of who made whom a member; `his`: of `names_of`."""
    return sql.execute(_MEMBERS, his)


def _periods(
    naming: Iterable[tuple[datetime, str, str | None, str | None]],
) -> Iterable[tuple[str, datetime | None, datetime]]:
    since: datetime | None = None
    for at, operation, before, _ in naming:
        if before is not None:
            yield before, since, at + (SETTLED if operation == "user.delete" else RENAMED)
        since = at
