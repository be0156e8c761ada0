"""Somebody as his provider describes him, in the terms of accounts here. What does not fit is left out, and logged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from accounts.models import Group, Source
from accounts.oidc.settings import NAME_CLAIM, ProviderSettings
from accounts.sync.wanted import fitting_email, fitting_name, fitting_username

EMAIL: Final = "email"
FULL_NAME: Final = "name"
MAX_GROUP: Final = 255
# What no user name holds (accounts.names), and what would look odd at its ends.
_UNFIT = re.compile(r"[\s$:,]+")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`issuer` and `subject` say who it is, nothing else does. None: the provider says nothing of that.

    `name`: what an account of his is called where nobody asks; `proposal`: what he may be asked about, "" for no idea.
    `group_ids`: the provider's groups here that he is in.
    """

    issuer: str
    subject: str
    name: str = ""
    proposal: str = ""
    email: str | None = None
    full_name: str | None = None
    group_ids: tuple[int, ...] | None = None
    is_admin: bool | None = None


def wanted_claims(settings: ProviderSettings) -> tuple[str, ...]:
    """The claims an account is made and kept of."""
    groups = (settings.groups_claim,) if settings.groups_claim else ()
    return tuple(dict.fromkeys((settings.name_claim, EMAIL, FULL_NAME, *groups)))


def person_of(settings: ProviderSettings, claims: Mapping[str, Any]) -> Person:
    """One query, where there are groups."""
    email = _text(claims, EMAIL)
    if claims.get("email_verified") in (False, "false"):
        email = ""  # it would be shown as his
    full_name = _text(claims, FULL_NAME)
    groups = group_names(settings, claims)
    name = fitting_username(_text(claims, settings.name_claim) or "") or ""
    return Person(
        issuer=settings.issuer,
        subject=claims["sub"],
        name=name,
        proposal=name or _proposal(claims),
        email=None if email is None else fitting_email(email),
        full_name=None if full_name is None else fitting_name(full_name),
        group_ids=None if groups is None else _known(settings, groups),
        is_admin=None if groups is None else settings.admin_group in groups,
    )


def group_names(settings: ProviderSettings, claims: Mapping[str, Any]) -> frozenset[str] | None:
    """The groups the claim lists, none where no claim is set. None where it says nothing, which then changes nothing."""
    claim = settings.groups_claim
    if not claim:
        return frozenset()
    listed = claims.get(claim)
    if isinstance(listed, str):
        listed = [listed]  # as some providers write a list of one
    if not isinstance(listed, list):
        log.warning("groups stay as they are", subject=claims.get("sub"), reason=_why_none(claim, claims))
        return None
    return frozenset(
        each for each in listed if isinstance(each, str) and 0 < len(each) <= MAX_GROUP and each.isprintable()
    )


def _why_none(claim: str, claims: Mapping[str, Any]) -> str:
    """OpenID Connect Core 1.0 §5.6.2: what would be too much is said to be elsewhere, where we do not ask."""
    elsewhere = claims.get("_claim_names")
    if isinstance(elsewhere, dict) and claim in elsewhere:
        return (
            f"the person is in too many groups for the token, so the provider left {claim} out: let it name only the groups "
            "assigned to this application"
        )
    if claims.get(claim) is not None:
        return f"the claim {claim} is no list of names"
    return f"the token has no claim {claim}: check oidc_groups_claim and oidc_scope"


def _known(settings: ProviderSettings, names: frozenset[str]) -> tuple[int, ...]:
    counting = [name for name in names if settings.counts(name)]
    if not counting:
        return ()
    found = Group.objects.filter(source=Source.OIDC, subject__in=counting)
    return tuple(sorted(found.values_list("pk", flat=True)))


def _proposal(claims: Mapping[str, Any]) -> str:
    """A name he may take: from what people are called elsewhere, or from his address, which is no proof of anything."""
    for text in (
        _text(claims, NAME_CLAIM),
        (_text(claims, EMAIL) or "").partition("@")[0],
        _text(claims, "nickname"),
    ):
        if text and (name := fitting_username(_UNFIT.sub(".", text).strip("."))):
            return name
    return ""


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    found = claims.get(name)
    return found if isinstance(found, str) else None
