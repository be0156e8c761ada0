"""From a browser that wants to sign in to somebody who has: the steps, each of which may end it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from access.principal import ActorKind, AuthMethod, Origin, Principal
from accounts.models import User
from accounts.names import UserName
from accounts.oidc import attempts, discovery, exchange, id_token, people, userinfo
from accounts.oidc.attempts import Attempt
from accounts.oidc.pending import Pending
from accounts.oidc.people import Person
from accounts.oidc.settings import ProviderSettings
from accounts.services import provided
from audit import denials
from core.errors import AlreadyExists, ProviderUnavailable, SignInRefused, UserUnknown

MAX_TRIES = 20
CLOSED = "you cannot sign in here: ask your administrator"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Proven:
    """Whom the provider has proven in this attempt. `session_text`: what his session keeps, for signing out there."""

    attempt: Attempt
    person: Person
    session_text: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`user` as of now."""

    user: User
    next: str
    session_text: str


def begin(origin_url: str, next_: str, *, session_id: int = 0) -> tuple[Attempt, str]:
    """A new attempt, and where the browser is sent. Raises ProviderUnavailable.

    `session_id`: of the session in which its user is to prove himself again, 0 for a sign-in.
    """
    settings = ProviderSettings.current()
    endpoints = discovery.endpoints(settings)
    attempt = Attempt.begin(settings, origin_url, next_, session_id=session_id)
    return attempt, attempt.url(settings, endpoints)


def finish(attempt: Attempt, answer: Mapping[str, str]) -> Proven:
    """Whom the provider's answer proves. Raises SignInRefused, ProviderUnavailable."""
    settings = ProviderSettings.current()
    endpoints = discovery.endpoints(settings)
    code = attempts.code_of(attempt, answer, settings, endpoints)
    tokens = exchange.redeem(
        settings, endpoints, code=code, verifier=attempt.verifier, redirect_uri=attempt.redirect_uri
    )
    expected = id_token.Expected(**attempts.facts_of(attempt))
    claims = id_token.claims_of(settings, endpoints, tokens, expected)
    claims = userinfo.complete(settings, endpoints, tokens, claims, wanted=people.wanted_claims(settings))
    person = people.person_of(settings, claims)
    return Proven(attempt, person, f"{settings.issuer}\n{tokens.id_token}")


def enter(proven: Proven, origin: Origin) -> SignedIn | Pending:
    """His account, brought up to date or made; or what he needs to be asked first. Raises SignInRefused."""
    person, next_ = proven.person, proven.attempt.next
    user = provided.account_of(person.issuer, person.subject)
    if user is None and ProviderSettings.current().auto_onboard and person.name:
        user = _made(person, person.name, origin)
    if user is None:
        return Pending.of(person, next_, proven.session_text)
    return SignedIn(_followed(user, person, origin), next_, proven.session_text)


def again(proven: Proven, him: Principal, origin: Origin) -> SignedIn:
    """Who is signed in as `him` has proved himself again. Raises SignInRefused for anybody else."""
    person = proven.person
    user = provided.account_of(person.issuer, person.subject)
    if user is None or user.pk != him.id:
        raise SignInRefused(
            f"you are signed in here as '{him.name}', and have proved to be somebody else: sign out first",
            reason=f"the provider confirmed another person than '{him.name}', whose session it is",
        )
    return SignedIn(_followed(user, person, origin), proven.attempt.next, proven.session_text)


def check_new(pending: Pending) -> None:
    """Raises SignInRefused for somebody who has an account by now, and where people sign in elsewhere by now."""
    person = pending.person
    if ProviderSettings.current().issuer != person.issuer:
        raise SignInRefused(
            "people sign in at another place by now: begin once more",
            reason="oidc_endpoint was changed since the person proved himself",
        )
    if provided.account_of(person.issuer, person.subject) is not None:
        raise _has_one()


def onboard(pending: Pending, username: str, origin: Origin) -> SignedIn:
    """An account by the name he has chosen. Raises NameInvalid, AlreadyExists (choose another), SignInRefused."""
    check_new(pending)
    person = pending.person
    try:
        user = provided.onboard(provided.provider_actor(origin), person, username)
    except AlreadyExists:
        check_new(pending)  # he did so in another browser this very moment
        raise AlreadyExists(f"'{UserName.parse(username)}' is taken here: choose another name") from None
    return SignedIn(_followed(user, person, origin), pending.next, pending.session_text)


def proposal(person: Person) -> str:
    """A name that is free, near the one he would have; "" for no idea."""
    for number in range(1, MAX_TRIES):
        name = person.proposal if number == 1 else f"{person.proposal[:240]}{number}"
        if not name or provided.is_free(name):
            return name
    return ""


def record_refusal(reason: str, origin: Origin, *, name: str = "") -> None:
    """One sign-in that came to nothing, for administrators: the true cause, which the browser is not told."""
    log.warning("a sign-in by OpenID Connect was refused", reason=reason, request_id=origin.request_id)
    actor = Principal(ActorKind.ANONYMOUS, 0, name or "anonymous", auth=AuthMethod.OIDC, origin=origin)
    denials.record(actor, "user.sign-in", reason=reason)


def record_failure(error: ProviderUnavailable, origin: Origin) -> None:
    """As `record_refusal`, of a provider that does not do its part."""
    record_refusal(f"the OpenID provider: {error.told}", origin)


def _made(person: Person, username: str, origin: Origin) -> User | None:
    """None when the name, or the person, has an account already. Raises NameInvalid."""
    try:
        return provided.onboard(provided.provider_actor(origin), person, username)
    except AlreadyExists:
        return provided.account_of(person.issuer, person.subject)


def _followed(user: User, person: Person, origin: Origin) -> User:
    """Raises SignInRefused for a closed account, and for one that is not his any more."""
    if user.is_active:
        try:
            user = provided.follow(provided.provider_actor(origin), user, person)
        except UserUnknown:  # removed this very moment
            raise SignInRefused(exchange.AGAIN, reason=f"the account {user.username} is gone") from None
    if not user.is_active:
        raise SignInRefused(CLOSED, reason=f"the account {user.username} is disabled")
    return user


def _has_one() -> SignInRefused:
    return SignInRefused(
        "you have an account here already: sign in",
        reason="the person has an account already: the page for choosing a name was sent twice",
        is_malformed=True,
    )
