"""Reading accounts."""

from __future__ import annotations

import difflib

from django.db.models import QuerySet

from access.check import require
from access.principal import Principal
from access.table import P
from accounts.models import User
from accounts.names import UserName
from core.errors import UserUnknown

SUGGESTED_FROM = 5000


def find_user(name: UserName) -> User | None:
    """The user of that name in any case of letters, active or not. For authentication and services."""
    try:
        return User.objects.get_by_natural_key(str(name))
    except User.DoesNotExist:
        return None


def visible_users(actor: Principal) -> QuerySet[User]:
    """All users by name. Raises Denied for who may not list them."""
    require(actor, P.USER_LIST, None)
    return User.objects.order_by("username")


def user_by_name(actor: Principal, name: str) -> User:
    """Raises UserUnknown (naming the nearest name), NameInvalid, Denied."""
    require(actor, P.USER_READ, None)
    parsed = UserName.parse(name)
    found = find_user(parsed)
    if found is None:
        raise UserUnknown(f"no user '{parsed}'{_nearest(str(parsed))}", user=str(parsed))
    return found


def _nearest(name: str) -> str:
    names = User.objects.order_by("username").values_list("username", flat=True)[:SUGGESTED_FROM]
    close = difflib.get_close_matches(name, list(names), n=1)
    return f". Did you mean '{close[0]}'?" if close else ""
