"""One's own account: who one is here, and what one may do and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise

from access.explanation import Explanation
from accounts import finding
from accounts.own_roles import MOST, own_roles
from accounts.services import own_account
from core import errors as e
from frontend.account import Owner, actor_of, owner_of
from frontend.account_words import AUTHORITIES, SOURCES, HeldRole, held_roles
from frontend.answers import see_other, sentence
from frontend.asking import Asked, asked
from frontend.done import done
from frontend.methods import FORM, READ
from frontend.places import address
from frontend.shell import Place, page


@dataclass(frozen=True, slots=True)
class Profile:
    """`may_change`: mail and full name are kept here. `mistake`: of the form that was sent, whose fields are shown again."""

    owner: Owner
    email: str
    full_name: str
    source: str | Promise
    may_change: bool
    authority: str | Promise
    created_at: datetime
    mistake: str = ""
    done: str | Promise = ""


@dataclass(frozen=True, slots=True)
class Access:
    """`cut`: there are more roles than are shown."""

    owner: Owner
    authority: str | Promise
    roles: tuple[HeldRole, ...]
    most: int
    cut: bool
    asked: Asked
    explanation: Explanation | None


@FORM
def profile(request: HttpRequest) -> HttpResponse:
    """Who one is, and the form that changes it where that is kept here."""
    if request.method != "POST":
        return _profile(request)
    actor = actor_of(request)
    email, full_name = request.POST.get("email", "").strip(), request.POST.get("full_name", "").strip()
    try:
        own_account.change_profile(actor, finding.own_user(actor), email=email, full_name=full_name)
    except e.InvalidInput as mistake:
        return _profile(request, sentence(mistake.message), status=422)
    return see_other(f"{address('me_profile')}?done=saved")


@READ
def access(request: HttpRequest) -> HttpResponse:
    """Roles, and the answer to "may I, and why?" for what stands in the address."""
    actor = actor_of(request)
    ways = own_roles(actor, MOST + 1)
    question, explanation = asked(request, actor)
    shown = Access(
        owner_of(request),
        AUTHORITIES.get((actor.is_admin, actor.is_auditor), ""),
        held_roles(ways[:MOST]),
        MOST,
        len(ways) > MOST,
        question,
        explanation,
    )
    return page(request, "frontend/me/access.html", shown, at=Place("me_access"), status=question.status)


def _profile(request: HttpRequest, mistake: str = "", status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    account = finding.own_user(actor)
    shown = Profile(
        owner_of(request),
        request.POST.get("email", account.email),
        request.POST.get("full_name", account.full_name),
        SOURCES[str(account.source)],
        str(account.source) == "local",
        AUTHORITIES.get((actor.is_admin, actor.is_auditor), ""),
        account.created_at,
        mistake,
        done(request),
    )
    return page(request, "frontend/me/profile.html", shown, at=Place("me_profile"), status=status)
