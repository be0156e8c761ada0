"""What the pages about one's own account share: whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest

from access.check import require
from access.principal import ActorKind
from access.table import Permission
from accounts import browser
from accounts.services.sessions import Session
from core.errors import Unauthenticated

if TYPE_CHECKING:
    from access.principal import Principal


@dataclass(frozen=True, slots=True)
class Owner:
    """Who looks at his own account. `confirmed`: he has proved himself a short while ago, so that he may change secrets."""

    name: str
    confirmed: bool
    here: str


def session_of(request: HttpRequest) -> Session:
    """Of whoever is signed in. Raises Unauthenticated, which leads to the sign-in page and back."""
    session = browser.session_of(request)
    if session is None:
        raise Unauthenticated("sign in to see your account")
    return session


def actor_of(request: HttpRequest) -> Principal:
    """As `session_of`."""
    return session_of(request).principal


def confirmed_for(request: HttpRequest, permission: Permission) -> Principal:
    """Who may change what is his alone. Raises Unauthenticated; ConfirmationNeeded before he fills a form in for nothing."""
    actor = actor_of(request)
    require(actor, permission, None, owner=actor.id if actor.kind is ActorKind.USER else None)
    return actor


def owner_of(request: HttpRequest) -> Owner:
    actor = actor_of(request)
    return Owner(actor.name, actor.confirmed, request.path)
