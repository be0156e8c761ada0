"""Signing in at an OpenID provider: there, back, and for who is new here the page that asks for a name.

The two addresses below /c/oidc are Harbor's, so that a client registered at the provider for it goes on working.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext

from access.origin import external_origin, origin_of
from access.principal import AuthMethod
from accounts import browser, oidc
from accounts.oidc import attempts, pending, signing_in
from accounts.oidc.attempts import Attempt
from accounts.oidc.pending import Pending
from accounts.oidc.signing_in import Proven, SignedIn
from accounts.services import sessions
from core import errors as e
from frontend import destinations
from frontend.answers import problem, see_other, sentence
from frontend.methods import FORM, takes
from frontend.shell import page

ONBOARD: Final = "/auth/onboard"
# Together with a session's they stay far below the 8 KiB that servers take as one header.
MAX_ATTEMPTS: Final = 3
MAX_NEXT: Final = 512


@dataclass(frozen=True, slots=True)
class Onboard:
    """`id`: of the person who waits; `name`: proposed, or what was typed; the rest as the provider says."""

    id: str
    name: str
    mistake: str
    provider: str
    full_name: str
    email: str


@takes("GET")
def login(request: HttpRequest) -> HttpResponse:
    """To the provider. `next`: where to go afterwards; `confirm`: who is signed in is to prove himself again."""
    if not oidc.is_set_up():
        raise e.NotFound("nobody signs in by OpenID Connect here: go back, and sign in another way")
    target = destinations.own(request.GET.get("next", ""))
    target = target if len(target) <= MAX_NEXT else destinations.HOME
    session, is_again = browser.session_of(request), "confirm" in request.GET
    if is_again and session is None:
        return see_other(f"/auth/login?{urlencode({'next': target})}")
    if session is not None and not is_again:
        return see_other(target)
    try:
        attempt, url = signing_in.begin(
            external_origin(request), target, session_id=session.id if session else 0
        )
    except e.ProviderUnavailable as failure:
        return _failed(request, failure)
    response = HttpResponseRedirect(url)
    _keep_few(request, response)
    _give(request, response, attempt.cookie, attempt.sealed(), seconds=attempts.SECONDS)
    return response


@takes("GET")
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider: signed in, proven again, or to the page for a name. The attempt is over either way."""
    try:
        answer = _answer(request)
        attempt = attempts.resume(answer, _jar(request))
    except e.SignInRefused as refusal:
        return _refused(request, refusal)
    try:
        proven = signing_in.finish(attempt, answer)
        response = _confirmed(request, proven) if attempt.session_id else _entered(request, proven)
    except e.SignInRefused as refusal:
        response = _refused(request, refusal, attempt)
    except e.ProviderUnavailable as failure:
        response = _failed(request, failure, attempt)
    except e.Unauthenticated as ended:
        response = _refused(request, e.SignInRefused(ended.message, reason=ended.message), attempt)
    _take(request, response, attempt.cookie)
    return response


@FORM
def onboard(request: HttpRequest) -> HttpResponse:
    """What to be called here, asked once of somebody whom the provider has proven."""
    try:
        waiting = pending.resume(_jar(request), pending.COOKIE)
        signing_in.check_new(waiting)
        if request.method != "POST":
            return _form(request, waiting)
        return _onboarded(request, waiting)
    except e.SignInRefused as refusal:
        response = _refused(request, refusal)
        _take(request, response, pending.COOKIE)
        return response


def _onboarded(request: HttpRequest, waiting: Pending) -> HttpResponse:
    """Raises SignInRefused."""
    if request.POST.get("id", "") != waiting.id:
        return _form(
            request,
            waiting,
            gettext("You have signed in as somebody else meanwhile: this is the present page"),
        )
    try:
        found = signing_in.onboard(waiting, request.POST.get("principal", ""), origin_of(request))
    except (e.NameInvalid, e.AlreadyExists) as mistake:
        return _form(request, waiting, mistake.message)
    response = _signed_in(request, found)
    _take(request, response, pending.COOKIE)
    return response


def _form(request: HttpRequest, waiting: Pending, mistake: str = "") -> HttpResponse:
    person = waiting.person
    free = signing_in.proposal(person)
    is_taken = bool(person.proposal) and free != person.proposal
    notice = mistake or (_taken(person.proposal) if is_taken else "")
    shown = Onboard(
        id=waiting.id,
        name=request.POST.get("principal", free),
        mistake=sentence(notice) if notice else "",
        provider=oidc.offered() or gettext("The sign-in service"),
        full_name=person.full_name or "",
        email=person.email or "",
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if mistake else HTTPStatus.OK
    return page(request, "frontend/onboard.html", shown, status=status)


def _taken(name: str) -> str:
    return gettext("'%(name)s' is taken here: choose another name") % {"name": name}


def _entered(request: HttpRequest, proven: Proven) -> HttpResponse:
    """Raises SignInRefused, Unauthenticated."""
    found = signing_in.enter(proven, origin_of(request))
    if isinstance(found, SignedIn):
        return _signed_in(request, found)
    response = see_other(ONBOARD)
    _give(request, response, pending.COOKIE, found.sealed(), seconds=pending.SECONDS)
    return response


def _confirmed(request: HttpRequest, proven: Proven) -> HttpResponse:
    """Raises SignInRefused, Unauthenticated."""
    session = browser.session_of(request)
    if session is None or session.id != proven.attempt.session_id:
        raise e.SignInRefused(
            "you were signed out meanwhile: sign in again",
            reason="the session that was to be confirmed has ended",
            is_malformed=True,
        )
    found = signing_in.again(proven, session.principal, origin_of(request))
    if found.user.auth_epoch != session.principal.epoch:
        # The provider took a right away just now, which ended this session; who has proved himself gets another.
        return _signed_in(request, found)
    return _with_key(request, found, sessions.confirm(session, found.user.pk, sealed=found.session_text))


def _signed_in(request: HttpRequest, found: SignedIn) -> HttpResponse:
    """Raises Unauthenticated for somebody who lost a right this very moment."""
    key = sessions.start(found.user, AuthMethod.OIDC, origin_of(request), sealed=found.session_text)
    return _with_key(request, found, key)


def _with_key(request: HttpRequest, found: SignedIn, key: str) -> HttpResponse:
    response = see_other(found.next)
    browser.give(request, response, key)
    return response


def _refused(request: HttpRequest, refusal: e.SignInRefused, attempt: Attempt | None = None) -> HttpResponse:
    signing_in.record_refusal(refusal.reason, origin_of(request))
    status = HTTPStatus.BAD_REQUEST if refusal.is_malformed else HTTPStatus.FORBIDDEN
    return _told(request, status, refusal.message, attempt)


def _failed(
    request: HttpRequest, failure: e.ProviderUnavailable, attempt: Attempt | None = None
) -> HttpResponse:
    signing_in.record_failure(failure, origin_of(request))
    response = _told(request, HTTPStatus.SERVICE_UNAVAILABLE, failure.message, attempt)
    response["Retry-After"] = str(failure.retry_after)
    return response


def _told(request: HttpRequest, status: int, message: str, attempt: Attempt | None) -> HttpResponse:
    """A page that leads back to where it was begun."""
    back = urlencode({"next": attempt.next if attempt else destinations.HOME})
    if attempt is not None and attempt.session_id:
        title, to, label = gettext("Not confirmed"), f"/auth/confirm?{back}", gettext("Try again")
    else:
        title, to, label = (
            gettext("You are not signed in"),
            f"/auth/login?{back}",
            gettext("To the sign-in page"),
        )
    return problem(request, status, title, sentence(message), to=to, label=label)


def _answer(request: HttpRequest) -> dict[str, str]:
    """The provider's answer, in which nothing may stand twice (RFC 6749 §3.1). Raises SignInRefused."""
    for name, values in request.GET.lists():
        if len(values) > 1:
            raise attempts.ambiguous(name)
    return {name: str(value) for name, value in request.GET.items()}


def _prefix(request: HttpRequest) -> str:
    """Under https nobody else can plant such a cookie: as accounts.browser has it."""
    return browser.HOST_PREFIX if external_origin(request).startswith("https:") else ""


def _jar(request: HttpRequest) -> dict[str, str]:
    prefix = _prefix(request)
    return {
        name.removeprefix(prefix): value for name, value in request.COOKIES.items() if name.startswith(prefix)
    }


def _give(request: HttpRequest, response: HttpResponse, name: str, value: str, *, seconds: int) -> None:
    prefix = _prefix(request)
    response.set_cookie(
        f"{prefix}{name}",
        value,
        max_age=seconds,
        path="/",
        secure=bool(prefix),
        httponly=True,
        samesite="Lax",
    )


def _take(request: HttpRequest, response: HttpResponse, name: str) -> None:
    _give(request, response, name, "", seconds=0)


def _keep_few(request: HttpRequest, response: HttpResponse) -> None:
    """Attempts that were never finished make room for the next."""
    begun = [name for name in _jar(request) if name.startswith(attempts.COOKIE)]
    for name in begun[: max(len(begun) - MAX_ATTEMPTS + 1, 0)]:
        _take(request, response, name)
