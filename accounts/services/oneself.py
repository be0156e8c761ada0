"""Whether somebody acts on his own account: what a key, an administrator or the operator may not do in his name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from access.check import OWN_METHODS
from access.principal import ActorKind, Principal
from accounts.services.users import locked_user
from core.errors import Denied

if TYPE_CHECKING:
    from accounts.models import User
    from audit.actions import Draft


def is_himself(actor: Principal, user: User) -> bool:
    """Whether the actor is that user, by his password or session: no key of his makes another one."""
    is_his = actor.kind is ActorKind.USER and actor.id == user.pk
    return is_his and actor.auth in OWN_METHODS and actor.is_whole


def own_row(actor: Principal, user: User, draft: Draft) -> User:
    """His locked row, in an act that takes the user himself. Raises Denied, UserUnknown.

    Administrators hold every permission, and would otherwise act in others' names.
    """
    if not is_himself(actor, user):
        draft.resource("user", user.pk, user.username)
        raise Denied(
            f"only '{user.username}' himself may do this, signed in with his password or at the web page: "
            "what is done with the result is done in his name"
        )
    row = locked_user(user, draft)
    if not row.is_active or actor.epoch not in (0, row.auth_epoch):
        raise Denied("your rights have changed a moment ago: sign in again")
    return row
