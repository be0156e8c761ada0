"""One's own access tokens: what programs sign in with in one's name."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from access.allowances import from_json
from access.principal import Principal
from access.table import P
from accounts import finding
from accounts.keys import permission_documents
from accounts.services import access_tokens
from accounts.services.access_tokens import WantedToken
from core import errors as e
from frontend.account import Owner, actor_of, confirmed_for, owner_of
from frontend.answers import see_other, sentence
from frontend.client_setup import sign_ins
from frontend.components.confirming import Ask
from frontend.components.figures import short
from frontend.done import done
from frontend.forms.tokens import PURPOSES, NewToken, lives
from frontend.hosts import address as host_of
from frontend.methods import FORM, READ
from frontend.places import address
from frontend.shell import Place, page

HERE: Final = Place("me_tokens")
PERSONAL: Final = "pat"


@dataclass(frozen=True, slots=True)
class ShownToken:
    """`places`: where it counts, () for everywhere; `what`: the actions it is for, "" for all that its owner may do."""

    token: Any
    what: str
    places: tuple[str, ...]
    revoke: str


@dataclass(frozen=True, slots=True)
class Tokens:
    owner: Owner
    tokens: tuple[ShownToken, ...]
    new: str
    done: str | Promise


@dataclass(frozen=True, slots=True)
class New:
    form: NewToken
    purposes: tuple[tuple[str, str], ...]
    lives: list[tuple[str, str]]
    above: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Made:
    """`logins` (tool, command), `kubernetes`: what to copy; the secret is shown this once."""

    name: str
    secret: str
    user: str
    logins: tuple[tuple[str, str], ...]
    kubernetes: str
    expires_at: datetime | None
    above: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Revocation:
    name: str
    question: str
    ask: Ask
    above: tuple[tuple[str, str], ...]


@READ
def show(request: HttpRequest) -> HttpResponse:
    """All of them: nobody has more than a hundred."""
    actor = actor_of(request)
    found = access_tokens.access_tokens_of(actor, finding.own_user(actor)).filter(kind=PERSONAL)
    shown = Tokens(owner_of(request), _shown(list(found)), address("me_token_new"), done(request))
    return page(request, "frontend/me/tokens.html", shown, at=HERE)


@FORM
def new(request: HttpRequest) -> HttpResponse:
    """The form, and what comes of it: the page with the secret, or the form with what was wrong."""
    actor = confirmed_for(request, P.ACCESS_TOKEN_CREATE)
    if request.method != "POST":
        return _form(request, NewToken())
    form = NewToken.of(request.POST)
    if form.mistakes:
        return _form(request, form, status=422)
    try:
        token, secret = access_tokens.create_access_token(
            actor, finding.own_user(actor), _wanted(actor, form)
        )
    except (e.InvalidInput, e.NotFound, e.Conflict) as mistake:
        form.mistakes[_field(mistake)] = sentence(mistake.message)
        return _form(request, form, status=422)
    shown = _made(request, actor, token, secret)
    return page(request, "frontend/me/token_made.html", shown, at=HERE)


@FORM
def revoke(request: HttpRequest, token: int) -> HttpResponse:
    """Asks, and does it."""
    actor = actor_of(request)
    found = access_tokens.access_token_by_id(actor, finding.own_user(actor), token)
    if request.method == "POST":
        access_tokens.revoke_access_token(actor, found)
        return see_other(f"{address('me_tokens')}?done=revoked")
    effect = _("Programs that use it are refused at once, and what they got by it ends within five seconds.")
    ask = Ask(request.path, effect, _("Revoke the token"), address("me_tokens"), _("Keep it"))
    question = _("Revoke the token %(name)s?") % {"name": short(found.name, 40)}
    shown = Revocation(found.name, question, ask, _above())
    return page(request, "frontend/me/token_revoke.html", shown, at=HERE)


def _form(request: HttpRequest, form: NewToken, status: int = 200) -> HttpResponse:
    purposes = tuple((name, str(words)) for name, (words, _permissions) in PURPOSES.items())
    shown = New(form, purposes, lives(), _above())
    return page(request, "frontend/me/token_new.html", shown, at=HERE, status=status)


def _wanted(actor: Principal, form: NewToken) -> WantedToken:
    """Raises InvalidInput, ProjectUnknown."""
    documents = form.permissions
    allowances = None if documents is None else permission_documents.parsed(actor, documents)
    return WantedToken(form.name, allowances, form.lives_days, form.from_networks)


def _field(mistake: e.WharfError) -> str:
    """Beside which field it is told."""
    if isinstance(mistake, e.ProjectUnknown):
        return "places"
    return "name" if isinstance(mistake, e.Conflict) or "name" in mistake.message else "form"


def _made(request: HttpRequest, actor: Principal, token: Any, secret: str) -> Made:
    here = host_of(request)
    user = shlex.quote(actor.name)
    secret_of = (
        f"kubectl create secret docker-registry wharf --docker-server={here.host} \\\n"
        f'  --docker-username={user} --docker-password="$TOKEN"'
    )
    logins = sign_ins(here, user)
    return Made(token.name, secret, actor.name, logins, secret_of, token.expires_at, _above())


def _shown(tokens: list[Any]) -> tuple[ShownToken, ...]:
    """One query for the names of projects."""
    documents = permission_documents.written_each([from_json(each.allowances or ()) for each in tokens])
    return tuple(
        ShownToken(
            token, _what(token, given), _places(given), address("me_token_revoke", token=str(token.pk))
        )
        for token, given in zip(tokens, documents, strict=True)
    )


def _what(token: Any, documents: list[dict[str, Any]]) -> str:
    if token.allowances is None:
        return _("all that you may do")
    names = {f"{each['resource']}:{each['action']}" for one in documents for each in one["access"]}
    for words, permissions in reversed(PURPOSES.values()):
        if permissions and names == set(map(str, permissions)):
            return str(words)
    return ", ".join(sorted(names))


def _places(documents: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(
        f"{each['namespace']}/{glob}" if glob else each["namespace"]
        for each in documents
        for glob in each.get("repositories") or ("",)
        if each["namespace"] != "*" or glob
    )


def _above() -> tuple[tuple[str, str], ...]:
    return ((_("Access tokens"), address("me_tokens")),)
