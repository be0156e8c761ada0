"""Signing in and out, proving oneself again, and making an account: forms that need no script."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from access.origin import external_origin, origin_of
from access.principal import AuthMethod
from accounts import browser, gate, oidc
from accounts.keys.robots import MARK
from accounts.keys.secrets import PREFIXES
from accounts.services import own_account, sessions
from accounts.services.sessions import Session
from core import errors as e
from core import request_facts
from frontend import destinations
from frontend.answers import see_other, sentence
from frontend.methods import FORM
from frontend.shell import page
from frontend.views.auth_forms import confirm_form, login_form, onward, register_form

WRONG: Final = _(
    "The user name or the password is not right. Check both, and whether Caps Lock is on, then try again."
)
WRONG_AGAIN: Final = _("The password is not right. Check Caps Lock and try again.")
KEY: Final = _("That is a key for programs. Sign in here with your own password.")
UNITS: Final = (
    (3600, ngettext_lazy("%(count)s hour", "%(count)s hours", "count")),
    (60, ngettext_lazy("%(count)s minute", "%(count)s minutes", "count")),
    (1, ngettext_lazy("%(count)s second", "%(count)s seconds", "count")),
)
# What a proof may be refused with.
Refusals = (e.Unauthenticated, e.Unavailable)


@FORM
def login(request: HttpRequest) -> HttpResponse:
    """The form; after a right password the page in `next`. Who is signed in goes there at once."""
    target = next_page(request)
    if browser.session_of(request) is not None:
        return see_other(target)
    if request.method != "POST":
        return login_form(request, target)
    try:
        key = begin(request)
    except Refusals as refusal:
        return refused(login_form(request, target, told(refusal, _wrong(request))), refusal)
    return _signed_in(request, target, key)


@FORM
def logout(request: HttpRequest) -> HttpResponse:
    """Asks first where it is merely visited: a link on a foreign page signs nobody out."""
    session = browser.session_of(request)
    if request.method != "POST":
        return see_other("/") if session is None else page(request, "frontend/logout.html")
    way = finish(request, session)
    response = see_other("/") if way is None else onward(request, way)
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
        return confirm_form(request, target, session)
    origin = origin_of(request)
    try:
        proven = gate.prove_person(session.principal.name, request.POST.get("password", ""), origin)
        key = sessions.confirm(session, proven.id)
    except Refusals as refusal:
        return refused(confirm_form(request, target, session, told(refusal, WRONG_AGAIN)), refusal)
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
        return register_form(request, target)
    if mistakes := _mistakes(request):
        return register_form(request, target, mistakes=mistakes)
    try:
        key = _registered(request)
    except e.TooManyRequests as refusal:
        words = gettext("Too many accounts were tried from your network. Try again in %(wait)s.") % {
            "wait": _wait(refusal.retry_after)
        }
        return refused(register_form(request, target, problem=words), refusal)
    except e.Unavailable as refusal:
        return refused(register_form(request, target, problem=told(refusal)), refusal)
    except e.AlreadyExists as taken:
        told_ = f"{sentence(taken.message)} {gettext('Choose another name.')}"
        return register_form(request, target, mistakes={"username": told_})
    except (e.InvalidInput, e.Denied) as mistake:
        return register_form(request, target, problem=sentence(mistake.message))
    return _signed_in(request, target, key)


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


def told(refusal: e.WharfError, wrong: str | Promise = WRONG) -> str:
    """A refused proof in words: one text for whatever was wrong, and the wait where there is one."""
    if isinstance(refusal, e.TooManyRequests):
        text = gettext(
            "Too many wrong passwords from your network. Try again in %(wait)s; programs with a robot or token need not wait."
        )
        return text % {"wait": _wait(refusal.retry_after)}
    return str(wrong) if isinstance(refusal, e.Unauthenticated) else sentence(refusal.message)


def refused(response: HttpResponse, refusal: e.WharfError) -> HttpResponse:
    """The page with the status of its refusal."""
    response.status_code = HTTPStatus.UNAUTHORIZED
    if isinstance(refusal, e.Unavailable):
        is_limit = isinstance(refusal, e.TooManyRequests)
        response.status_code = HTTPStatus.TOO_MANY_REQUESTS if is_limit else HTTPStatus.SERVICE_UNAVAILABLE
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _wrong(request: HttpRequest) -> str | Promise:
    """What to say of a form that proved nobody: by what was typed alone, so that it tells of no account."""
    name, password = request.POST.get("principal", ""), request.POST.get("password", "")
    return KEY if MARK in name or password.startswith(PREFIXES) else WRONG


def _signed_in(request: HttpRequest, target: str, key: str) -> HttpResponse:
    response = see_other(target)
    browser.give(request, response, key)
    return response


def _typed(request: HttpRequest) -> dict[str, str]:
    """The form as own_account takes it."""
    form = request.POST
    fields = {"username": "principal", "password": "password", "email": "email", "full_name": "full_name"}
    return {name: form.get(field, "") for name, field in fields.items()}


def _mistakes(request: HttpRequest) -> dict[str, str]:
    """Sentences, each for its field: all that is wrong, told at once."""
    typed = _typed(request)
    found = {name: sentence(message) for name, message in own_account.mistakes(**typed).items()}
    if not typed["username"]:
        found["username"] = gettext("Enter a user name.")
    if typed["password"] != request.POST.get("again", ""):
        found["again"] = gettext("The two passwords differ: enter the same one twice.")
    return found


def _registered(request: HttpRequest) -> str:
    """A new account with a session; the key. Raises as own_account.register."""
    origin = origin_of(request)
    return sessions.start(own_account.register(origin, **_typed(request)), AuthMethod.BASIC, origin)


def _wait(seconds: int) -> str:
    """ "1 second", "90 seconds", "3 minutes", "2 hours"; never less than it takes."""
    size, words = next(((size, words) for size, words in UNITS if seconds > 1.5 * size), UNITS[-1])
    return str(words % {"count": -(-seconds // size)})
