"""What one proves oneself with: the password, the CLI secret, and the browsers that are signed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from access.principal import AuthMethod
from access.table import P
from accounts import finding
from accounts.services import access_tokens, own_account, sessions
from config import current
from config.catalogue.sign_in import PASSWORD_MIN_LENGTH
from core import errors as e
from frontend.account import Owner, actor_of, confirmed_for, owner_of, session_of
from frontend.account_words import SOURCES, method_name
from frontend.answers import see_other, sentence
from frontend.browsers import browser_name
from frontend.done import done
from frontend.hosts import address as host_of
from frontend.methods import FORM, READ, takes
from frontend.places import address
from frontend.shell import Place, page

CLI: Final = "cli"
OTHERS: Final = "others"
HERE: Final = Place("me_security")
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ShownSession:
    """`browser`: what it says of itself, `agent` in whole; `is_here`: the one this page is asked for by."""

    id: int
    browser: str
    agent: str
    method: str | Promise
    ip: str
    began: datetime
    seen: datetime
    is_here: bool


@dataclass(frozen=True, slots=True)
class Security:
    """`has_password`: one of its own, else `source` says who keeps it. `secret`: the row of the CLI secret, None for none."""

    owner: Owner
    has_password: bool
    source: str | Promise
    least: int
    secret: Any
    sessions: tuple[ShownSession, ...]
    mistakes: Mapping[str, str]
    done: str | Promise


@dataclass(frozen=True, slots=True)
class Secret:
    """Shown this once."""

    name: str
    secret: str
    host: str


@READ
def show(request: HttpRequest) -> HttpResponse:
    """All of it on one page."""
    return _page(request)


@takes("POST")
def password(request: HttpRequest) -> HttpResponse:
    """Another password, and the end of all other sessions; or the page with what was wrong."""
    session, form = session_of(request), request.POST
    if form.get("password", "") != form.get("again", ""):
        return _page(request, {"again": _("The two passwords differ: enter the same one twice.")})
    account = finding.own_user(session.principal)
    try:
        own_account.change_password(
            session.principal, account, form.get("old", ""), form.get("password", ""), session_id=session.id
        )
    except e.Denied as wrong:
        return _page(request, {"old": sentence(wrong.message)})
    except e.InvalidInput as wrong:
        return _page(request, {"password": sentence(wrong.message)})
    except e.TooManyRequests as wrong:
        return _page(request, {"old": sentence(wrong.message)}, status=429)
    return see_other(f"{address('me_security')}?done=password")


@FORM
def cli_secret(request: HttpRequest) -> HttpResponse:
    """A new one in place of the old, after a page that says so."""
    actor = confirmed_for(request, P.ACCESS_TOKEN_CREATE)
    if request.method != "POST":
        return page(request, "frontend/me/new_secret.html", owner_of(request), at=HERE)
    _token, secret = access_tokens.new_cli_secret(actor, finding.own_user(actor))
    shown = Secret(actor.name, secret, host_of(request).host)
    return page(request, "frontend/me/secret.html", shown, at=HERE)


@takes("POST")
def end_sessions(request: HttpRequest) -> HttpResponse:
    """One of them, or all but this one."""
    session, wanted = session_of(request), request.POST.get("session", "")
    account = finding.own_user(session.principal)
    if wanted == OTHERS:
        sessions.end_all(session.principal, account, but=session.id)
        return see_other(f"{address('me_security')}?done=sessions")
    sessions.end_one(session.principal, account, _number(wanted))
    return see_other(f"{address('me_security')}?done=session")


def _page(request: HttpRequest, mistakes: Mapping[str, str] = NOTHING, status: int = 422) -> HttpResponse:
    actor = actor_of(request)
    account = finding.own_user(actor)
    shown = Security(
        owner_of(request),
        account.has_usable_password(),
        SOURCES[str(account.source)],
        current.get(PASSWORD_MIN_LENGTH),
        access_tokens.access_tokens_of(actor, account).filter(kind=CLI).first(),
        _shown(sessions.sessions_of(actor, account), session_of(request).id),
        mistakes,
        done(request),
    )
    template = "frontend/me/security.html"
    return page(request, template, shown, at=HERE, status=status if mistakes else 200)


def _shown(found: list[sessions.Listed], here: int) -> tuple[ShownSession, ...]:
    return tuple(
        ShownSession(
            each.id,
            browser_name(each.agent),
            each.agent,
            method_name(AuthMethod(each.auth)),
            each.ip or "",
            each.created_at,
            each.seen_at,
            each.id == here,
        )
        for each in found
    )


def _number(text: str) -> int:
    """Raises InvalidInput."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise e.InvalidInput("say which session: choose one on the page")
    return int(text)
