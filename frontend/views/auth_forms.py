"""The pages of signing in, confirming and registering: what they show, rendered in the one way of all pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from access.principal import AuthMethod
from accounts import oidc
from accounts.services import own_account, sessions
from accounts.services.sessions import Session
from config import current
from config.catalogue.sign_in import AUTH_MODE, PASSWORD_MIN_LENGTH
from config.directory import AuthMode
from frontend.shell import page

NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Login:
    """`problem`: why the last try failed, "" at first. `provider`: its name, None for none. Links are "" for no such way."""

    problem: str
    next: str
    name: str
    provider: str | None
    provider_link: str
    local_link: str
    provider_first: bool
    by_directory: bool
    register_link: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """`provider`: where he has to prove himself, "" for by his password. `minutes`: how long it counts."""

    problem: str
    next: str
    name: str
    minutes: int
    provider: str
    provider_link: str


@dataclass(frozen=True, slots=True)
class Register:
    """`mistakes`: a sentence for each field. `focused`: the field that has the focus. `typed`: what was sent."""

    next: str
    problem: str
    mistakes: Mapping[str, str]
    focused: str
    typed: Mapping[str, str]
    login_link: str
    is_wrong: bool
    least: int


@dataclass(frozen=True, slots=True)
class Onward:
    """`url`: where the provider signs him out."""

    url: str
    provider: str | None


def login_form(request: HttpRequest, target: str, mistake: str = "") -> HttpResponse:
    provider, mode = oidc.offered(), current.get(AUTH_MODE)
    is_local = "local" in request.GET or request.method == "POST"
    may_register = own_account.may_register()
    shown = Login(
        problem=mistake,
        next=target,
        name=request.POST.get("principal", ""),
        provider=provider,
        provider_link=f"/c/oidc/login?{urlencode({'next': target})}",
        local_link=f"/auth/login?{urlencode({'local': '1', 'next': target})}",
        provider_first=provider is not None and mode is AuthMode.OIDC_AUTH and not is_local,
        by_directory=mode is AuthMode.LDAP_AUTH,
        register_link=f"/auth/register?{urlencode({'next': target})}" if may_register else "",
    )
    return page(request, "frontend/login.html", shown)


def confirm_form(request: HttpRequest, target: str, session: Session, mistake: str = "") -> HttpResponse:
    by_provider = session.auth is AuthMethod.OIDC
    shown = Confirm(
        problem=mistake,
        next=target,
        name=session.principal.name,
        minutes=sessions.CONFIRMED_MINUTES,
        provider=(oidc.offered() or gettext("the provider")) if by_provider else "",
        provider_link=f"/c/oidc/login?{urlencode({'confirm': '1', 'next': target})}",
    )
    return page(request, "frontend/confirm.html", shown)


def register_form(
    request: HttpRequest, target: str, *, problem: str = "", mistakes: Mapping[str, str] = NONE
) -> HttpResponse:
    is_wrong = bool(problem or mistakes)
    shown = Register(
        next=target,
        problem=problem,
        mistakes=mistakes,
        # The first one has the focus. Passwords are typed again whatever was wrong.
        focused=next(iter(mistakes), "password" if problem else "username"),
        typed=request.POST,
        login_link=f"/auth/login?{urlencode({'next': target})}",
        is_wrong=is_wrong,
        least=current.get(PASSWORD_MIN_LENGTH),
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK
    return page(request, "frontend/register.html", shown, status=status)


def onward(request: HttpRequest, url: str) -> HttpResponse:
    # Not a redirect: the policy lets no form lead to another host, not even by way of one.
    return page(request, "frontend/onward.html", Onward(url, oidc.offered()))
