"""Signing in and out, proving oneself again, and making an account: forms that need no script."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from access.origin import external_origin, origin_of
from access.principal import AuthMethod
from accounts import browser, gate, oidc
from accounts.services import own_account, sessions
from accounts.services.sessions import Session
from config import current
from config.catalogue.sign_in import AUTH_MODE, PASSWORD_MIN_LENGTH
from config.directory import AuthMode
from core import errors as e
from core import request_facts
from frontend import destinations
from frontend.answers import problem, see_other, sentence

WRONG: Final = (
    "The user name or the password is not right. Check both, and whether Caps Lock is on, then try again."
)
NOT_MEANT: Final = (
    "The form was open for too long, was opened in another tab before you signed in there, or your browser keeps no cookies "
    "for this address. Nothing was changed. Open the page again and send the form once more."
)
FORM = require_http_methods(["GET", "HEAD", "POST"])
UNITS: Final = ((3600, "hour"), (60, "minute"), (1, "second"))
# What a proof may be refused with.
Refusals = (e.Unauthenticated, e.Unavailable)


@FORM
def login(request: HttpRequest) -> HttpResponse:
    """The form; after a right password the page in `next`. Who is signed in goes there at once."""
    target = next_page(request)
    if browser.session_of(request) is not None:
        return see_other(target)
    if request.method != "POST":
        return _login_form(request, target)
    try:
        key = begin(request)
    except Refusals as refusal:
        return refused(_login_form(request, target, told(refusal)), refusal)
    return _signed_in(request, target, key)


@FORM
def logout(request: HttpRequest) -> HttpResponse:
    """Asks first where it is merely visited: a link on a foreign page signs nobody out."""
    session = browser.session_of(request)
    if request.method != "POST":
        return see_other("/") if session is None else render(request, "frontend/logout.html")
    onward = finish(request, session)
    response = see_other("/") if onward is None else _onward(request, onward)
    browser.take(request, response)
    return response


@FORM
def confirm(request: HttpRequest) -> HttpResponse:
    """The password once more, or the provider's page for who signed in there."""
    target = next_page(request)
    session = browser.session_of(request)
    if session is None:
        return see_other(f"/auth/login?{urlencode({'next': target})}")
    if request.method != "POST" or session.auth is AuthMethod.OIDC:
        return _confirm_form(request, target, session)
    origin = origin_of(request)
    try:
        proven = gate.prove_person(session.principal.name, request.POST.get("password", ""), origin)
        key = sessions.confirm(session, proven.id)
    except Refusals as refusal:
        return refused(_confirm_form(request, target, session, told(refusal)), refusal)
    return _signed_in(request, target, key)


@FORM
def register(request: HttpRequest) -> HttpResponse:
    """An account of one's own, where the setting allows it; its owner is signed in at once."""
    if not own_account.may_register():
        raise Http404
    target = next_page(request)
    if browser.session_of(request) is not None:
        return see_other(target)
    if request.method != "POST":
        return _register_form(request, target)
    try:
        key = _registered(request)
    except e.Unavailable as refusal:
        return refused(_register_form(request, target, problem=told(refusal)), refusal)
    except e.AlreadyExists as taken:
        name_mistake = f"{sentence(taken.message)} Choose another name."
        return _register_form(request, target, name_mistake=name_mistake)
    except e.NameInvalid as mistake:
        return _register_form(request, target, name_mistake=sentence(mistake.message))
    except (e.InvalidInput, e.Denied) as mistake:
        return _register_form(request, target, problem=sentence(mistake.message))
    return _signed_in(request, target, key)


def not_meant(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token (settings.CSRF_FAILURE_VIEW)."""
    return problem(
        request, 403, "Please send that again", NOT_MEANT, to=request.path, label="Open the page again"
    )


def begin(request: HttpRequest) -> str:
    """A session for the person the form proves; its key. Raises Unauthenticated, TooManyRequests, DirectoryUnavailable."""
    origin = origin_of(request)
    name, password = request.POST.get("principal", ""), request.POST.get("password", "")
    proven = gate.prove_person(name, password, origin)
    request_facts.note_actor(request.META, proven.name)
    return sessions.start(proven, proven.auth, origin)


def finish(request: HttpRequest, session: Session | None) -> str | None:
    """End the session; where the browser is to sign out besides, None for nowhere."""
    if session is None:
        return None
    known_there = sessions.opened(session)
    sessions.end(session)
    if session.auth is not AuthMethod.OIDC:
        return None
    return oidc.logout_url(known_there, external_origin(request))


def next_page(request: HttpRequest) -> str:
    """Where to go afterwards: the page asked for if it is one of ours, else the front page."""
    given = request.POST if request.method == "POST" else request.GET
    return destinations.own(given.get("next", ""))


def told(refusal: e.WharfError) -> str:
    """A refused proof in words: one text for whatever was wrong, and the wait where there is one."""
    if isinstance(refusal, e.TooManyRequests):
        return f"Too many attempts. Try again in {_wait(refusal.retry_after)}."
    return WRONG if isinstance(refusal, e.Unauthenticated) else sentence(refusal.message)


def refused(response: HttpResponse, refusal: e.WharfError) -> HttpResponse:
    """The page with the status of its refusal."""
    response.status_code = HTTPStatus.UNAUTHORIZED
    if isinstance(refusal, e.Unavailable):
        is_limit = isinstance(refusal, e.TooManyRequests)
        response.status_code = HTTPStatus.TOO_MANY_REQUESTS if is_limit else HTTPStatus.SERVICE_UNAVAILABLE
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _signed_in(request: HttpRequest, target: str, key: str) -> HttpResponse:
    response = see_other(target)
    browser.give(request, response, key)
    return response


def _onward(request: HttpRequest, url: str) -> HttpResponse:
    # Not a redirect: the policy lets no form lead to another host, not even by way of one.
    return render(request, "frontend/onward.html", {"url": url, "provider": oidc.offered()})


def _login_form(request: HttpRequest, target: str, mistake: str = "") -> HttpResponse:
    provider, mode = oidc.offered(), current.get(AUTH_MODE)
    is_local = "local" in request.GET or request.method == "POST"
    shown: dict[str, Any] = {
        "problem": mistake,
        "next": target,
        "name": request.POST.get("principal", ""),
        "provider": provider,
        "provider_link": f"/c/oidc/login?{urlencode({'next': target})}",
        "local_link": f"/auth/login?{urlencode({'local': '1', 'next': target})}",
        "provider_first": provider is not None and mode is AuthMode.OIDC_AUTH and not is_local,
        "by_directory": mode is AuthMode.LDAP_AUTH,
        "register_link": f"/auth/register?{urlencode({'next': target})}"
        if own_account.may_register()
        else "",
    }
    return render(request, "frontend/login.html", shown)


def _confirm_form(request: HttpRequest, target: str, session: Session, mistake: str = "") -> HttpResponse:
    by_provider = session.auth is AuthMethod.OIDC
    shown = {
        "problem": mistake,
        "next": target,
        "name": session.principal.name,
        "minutes": sessions.CONFIRMED_MINUTES,
        "provider": (oidc.offered() or "the provider") if by_provider else "",
        "provider_link": f"/c/oidc/login?{urlencode({'confirm': '1', 'next': target})}",
    }
    return render(request, "frontend/confirm.html", shown)


def _registered(request: HttpRequest) -> str:
    """A new account with a session; the key. Raises as own_account.register."""
    form, origin = request.POST, origin_of(request)
    password = form.get("password", "")
    if password != form.get("again", ""):
        raise e.InvalidInput("the two passwords differ: enter the same one twice")
    user = own_account.register(
        origin,
        form.get("principal", ""),
        password=password,
        email=form.get("email", ""),
        full_name=form.get("full_name", ""),
    )
    return sessions.start(user, AuthMethod.BASIC, origin)


def _register_form(
    request: HttpRequest, target: str, *, problem: str = "", name_mistake: str = ""
) -> HttpResponse:
    shown = {
        "next": target,
        "problem": problem,
        "name_mistake": name_mistake,
        "typed": {name: request.POST.get(name, "") for name in ("principal", "email", "full_name")},
        "login_link": f"/auth/login?{urlencode({'next': target})}",
        "is_wrong": bool(problem or name_mistake),
        "least": current.get(PASSWORD_MIN_LENGTH),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if shown["is_wrong"] else HTTPStatus.OK
    return render(request, "frontend/register.html", shown, status=status)


def _wait(seconds: int) -> str:
    """ "1 second", "90 seconds", "3 minutes", "2 hours"; never less than it takes."""
    size, unit = next(((size, unit) for size, unit in UNITS if seconds > 1.5 * size), UNITS[-1])
    count = -(-seconds // size)
    return f"{count} {unit}{'' if count == 1 else 's'}"
