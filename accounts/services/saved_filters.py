"""Filters of lists that people keep: private, of one kind of list each, by names of their own choosing."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet

from access.principal import ActorKind, Principal
from access.table import P
from accounts.models import SavedFilter, User
from accounts.models.saved import MAX_FILTER_NAME, MAX_QUERY
from accounts.services.oneself import own_row
from audit.actions import action
from core.errors import Conflict, InvalidInput, NotFound
from database.transactions import retried

MOST: Final = 50
RESOURCE: Final = "saved-filter"


class FilterUnknown(NotFound):
    """No such filter of this person."""


def of(actor: Principal, list_name: str) -> QuerySet[SavedFilter]:
    """Those the actor keeps for lists of that kind, by name; none for who has no account."""
    own = actor.kind is ActorKind.USER and actor.is_whole
    return SavedFilter.objects.filter(user_id=actor.id if own else 0, list=list_name).order_by("name")


@retried
def keep(actor: Principal, list_name: str, name: str, query: str) -> SavedFilter:
    """Under that name, which takes the place of one that had it. Raises InvalidInput, Conflict for more than MOST, Denied."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_FILTER_NAME or not name.isprintable():
        raise InvalidInput(f"a filter is called by 1 to {MAX_FILTER_NAME} characters")
    if len(query) > MAX_QUERY or not query.isprintable():
        raise InvalidInput("this filter is too long to be kept")
    with action(actor, P.ACCOUNT_PREFERENCES, name="saved-filter.create", owner=actor.id) as draft:
        own_row(actor, User(pk=actor.id, username=actor.name), draft)
        kept = SavedFilter.objects.filter(user_id=actor.id)
        if kept.exclude(list=list_name, name=name).count() >= MOST:
            raise Conflict(f"{MOST} filters are kept for you: delete one first")
        row, _made = kept.update_or_create(
            user_id=actor.id, list=list_name, name=name, defaults={"query": query}
        )
        draft.resource(RESOURCE, row.pk, name)
        draft.after({"list": list_name, "query": query})
    return row


@retried
def forget(actor: Principal, filter_id: int) -> None:
    """Raises FilterUnknown, also for somebody else's; Denied."""
    with action(actor, P.ACCOUNT_PREFERENCES, name="saved-filter.delete", owner=actor.id) as draft:
        own_row(actor, User(pk=actor.id, username=actor.name), draft)
        row = SavedFilter.objects.select_for_update().filter(user_id=actor.id, pk=filter_id).first()
        if row is None:
            raise FilterUnknown("there is no such filter of yours", filter=filter_id)
        draft.resource(RESOURCE, row.pk, row.name)
        draft.before({"list": row.list, "query": row.query})
        row.delete()
