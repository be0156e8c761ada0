"""Who someone is by name and password: his own account's password first, then the directory's.

A right local password never waits for the directory. Whoever is not proven here is asked about there, whether or not an account
of that name exists: neither the time nor the answer tells which names do, also while the directory is away. A CLI secret its
owner chose stands for the password of an account that has none here; the directory need not see it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.hashers import make_password

from access.principal import Origin, Principal
from accounts import ldap
from accounts.gate import credentials, limiter
from accounts.gate.credentials import Account, Proof
from accounts.keys.networks import is_within
from accounts.ldap import Proven
from accounts.models import Identity, Source, User
from accounts.names import UserName
from accounts.passwords import is_well_formed
from accounts.services.directory import directory_actor, onboard
from accounts.sync import facts
from accounts.sync.people import follow
from accounts.sync.shapes import KnownPerson
from core.errors import (
    AlreadyExists,
    CredentialsRefused,
    NameInvalid,
    Unavailable,
    UserUnknown,
)
from database.transactions import release_connection

NOBODY = Origin()
OUTSIDE: Final = "it comes from outside the networks this key may be used from"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An active user, and what his password was right for. `key_id`: the CLI secret that stood for it, 0 for none."""

    user: User
    proof: Proof
    key_id: int = 0


def sign_in(username: str, password: str, origin: Origin = NOBODY) -> SignedIn:
    """The active user these credentials prove. One query for a right local password.

    Raises CredentialsRefused; TooManyRequests when too many were wrong of late (gate.limiter); DirectoryUnavailable when they
    could be right and the directory cannot be asked; Unavailable while too many passwords are hashed.
    """
    if not is_well_formed(password):
        raise CredentialsRefused("nobody can have that password: it is empty, too long or malformed")
    name = _name(username)
    account, folded = (None, username) if name is None else credentials.find_account(name)
    counted = limiter.name_of(folded, 1 if account is None else account.user.auth_epoch)
    known = _remembered(account, password, origin)
    if known is not None:
        return known
    _missed(account, origin)
    release_connection()
    with limiter.turn(counted, origin):
        # Of several at once the first has proven it for all.
        known = _remembered(account, password, origin)
        found = known or _limited(counted, lambda: _evaluated(account, name, password, origin), origin)
        if known is None:
            credentials.remember(found.proof, password, origin.ip)
        return found


def _limited(counted: str, evaluate: Callable[[], SignedIn], origin: Origin) -> SignedIn:
    """Raises TooManyRequests, and what `evaluate` raises."""
    with limiter.guess(counted, origin) as guess:
        try:
            found = evaluate()
        except Unavailable:
            guess.stays_open()
            raise
        guess.was_right()
        return found


def _name(username: str) -> UserName | None:
    try:
        return UserName.parse(username)
    except NameInvalid:
        return None


def _remembered(account: Account | None, password: str, origin: Origin) -> SignedIn | None:
    """Whom this password proved a moment ago: no hash, and no guess."""
    if account is None or not account.user.is_active:
        return None
    if credentials.is_remembered(account, password, origin.ip):
        return SignedIn(account.user, account)
    chosen = account.cli_secret
    if chosen is None or account.user.has_usable_password() or not is_within(account.networks, origin.ip):
        return None
    if not credentials.is_remembered(chosen, password, origin.ip):
        return None
    return SignedIn(account.user, chosen, chosen.id)


def _missed(account: Account | None, origin: Origin) -> None:
    if account is not None:
        credentials.missed(account, origin.ip)
        if account.cli_secret is not None:
            credentials.missed(account.cli_secret, origin.ip)


def _evaluated(account: Account | None, name: UserName | None, password: str, origin: Origin) -> SignedIn:
    """Every failure costs one hash: of the account's own password or secret, or one for nothing. Raises as `sign_in`."""
    found = None if account is None else _by_account(account, password, origin)
    try:
        if found is None:
            person = _by_directory(account, name, password, origin)
            found = SignedIn(person.user, person)
        return found
    finally:
        if found is None and not (account and account.hash):
            make_password(password)


def _by_account(account: Account, password: str, origin: Origin) -> SignedIn | None:
    """By what is kept here. Raises CredentialsRefused for a secret that is right in the wrong place."""
    if credentials.is_right(account, password):
        return SignedIn(account.user, account)
    chosen = account.cli_secret
    if chosen is None or account.user.has_usable_password() or not credentials.is_secret(chosen, password):
        return None
    if not account.user.is_active:
        return None
    if not is_within(account.networks, origin.ip):
        raise CredentialsRefused(OUTSIDE)
    return SignedIn(account.user, chosen, chosen.id)


def _by_directory(account: Account | None, name: UserName | None, password: str, origin: Origin) -> Account:
    """As `by_directory`; the refusal says what was wrong here, too."""
    here = _why(account)
    if name is None or not ldap.enabled():
        raise CredentialsRefused(here)
    try:
        return by_directory(str(name), password, origin)
    except CredentialsRefused as refusal:
        raise CredentialsRefused(f"{here}; {refusal.reason}") from None


def _why(account: Account | None) -> str:
    if account is None:
        return "there is no account of that name"
    if not account.user.is_active:
        return "the account is disabled"
    return "the password is wrong" if account.hash else "the account has no password of its own"


def by_directory(name: str, password: str, origin: Origin = NOBODY) -> Account:
    """Whom the directory proves, as an active account. Raises CredentialsRefused, DirectoryUnavailable."""
    if not ldap.enabled():
        raise CredentialsRefused("there is no directory")
    release_connection()
    directory = ldap.Directory.current()
    proven = directory.prove(name, password, origin.ip or "")
    if proven is None:
        raise CredentialsRefused("the directory does not prove them")
    try:
        user = receive(proven, directory, origin)
    except UserUnknown:
        raise CredentialsRefused("the account was removed this very moment") from None
    if user is None or not user.is_active:
        raise CredentialsRefused("the directory proves them, the account is disabled or was unlinked")
    return Account(user, proven.person.subject)


def receive(proven: Proven, directory: ldap.Directory, origin: Origin = NOBODY) -> User | None:
    """The account of someone the directory has proven, made or brought up to date; None for one that is gone meanwhile.

    Raises CredentialsRefused if he can have none.
    """
    actor = directory_actor(origin)
    known = facts.person(proven.person.subject) or _made(actor, proven)
    return None if known is None else follow(actor, known, proven, directory)


def _made(actor: Principal, proven: Proven) -> KnownPerson | None:
    person = proven.person
    try:
        onboard(actor, person)
    except NameInvalid as error:
        raise _no_account(person.name, error.message) from None
    except AlreadyExists:
        known = facts.person(person.subject)  # he signed in twice at once
        if known is None:
            raise _no_account(person.name, _taken(person.name)) from None
        return known
    return facts.person(person.subject)


def _no_account(name: str, reason: str) -> CredentialsRefused:
    return CredentialsRefused(f"'{name}' of the directory cannot sign in: {reason}")


def _taken(name: str) -> str:
    linked = Identity.objects.filter(source=Source.LDAP, user__username__iexact=name).first()
    if linked is not None:
        return (
            f"the account '{name}' belongs to another person of the directory, who had this name before: remove that account "
            f"(wharf user remove {name}), or if it is the same person, run wharf user migrate {name} --to ldap"
        )
    return (
        f"the name is that of a local account: if it is the same person, run wharf user link {name}; "
        "otherwise give one of them another name"
    )
