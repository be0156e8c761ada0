"""Somebody whom the provider has proven and who has no account yet: kept in his browser until he has chosen a name."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final

import structlog

from accounts.oidc import cookies
from accounts.oidc.people import Person

SECONDS: Final = 900
COOKIE: Final = "wharf_onboard"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pending:
    """`id`: of this very page; the browser has one such cookie, however many pages. `session_text`: what his session keeps."""

    id: str
    person: Person
    next: str
    session_text: str

    @classmethod
    def of(cls, person: Person, next_: str, session_text: str) -> Pending:
        return cls(secrets.token_urlsafe(16), person, next_, session_text)

    def sealed(self) -> str:
        """The value of the cookie. What does not fit is left out: first the token, which is for signing out there."""
        without_token = replace(self, session_text=f"{self.person.issuer}\n")
        without_groups = replace(without_token, person=replace(self.person, group_ids=None))
        for pending in (self, without_token):
            if len(found := _sealed(pending)) <= cookies.MAX_VALUE:
                return found
        log.warning("groups come with the next sign-in: they are too many", subject=self.person.subject)
        return _sealed(without_groups)


def _sealed(pending: Pending) -> str:
    facts = {
        "id": pending.id,
        "person": asdict(pending.person),
        "next": pending.next,
        "text": pending.session_text,
    }
    return cookies.sealed(COOKIE, facts)


def resume(jar: Mapping[str, str], name: str) -> Pending:
    """The one in the cookie of that name. Raises SignInRefused."""
    if not jar.get(name):
        raise cookies.missing()
    facts = cookies.opened(COOKIE, jar[name], seconds=SECONDS)
    person = facts["person"]
    ids = person["group_ids"]
    who = Person(**{**person, "group_ids": None if ids is None else tuple(ids)})
    return Pending(facts["id"], who, facts["next"], facts["text"])
