"""Who someone is by name and password: his own account's password first, then the directory's.

A right local password never waits for the directory. Whoever is not proven here is asked about there, whether or not an account
of that name exists: neither the time nor the answer tells which names do, also while the directory is away.
"""

from __future__ import annotations

import time

import structlog
from django.contrib.auth.hashers import make_password

from access.principal import ActorKind, AuthMethod, Origin, Principal
from accounts import credentials, ldap
from accounts.credentials import Account
from accounts.ldap import Proven
from accounts.models import Identity, Source, User
from accounts.names import UserName
from accounts.passwords import is_well_formed
from accounts.services.directory import directory_actor, onboard
from accounts.sync import facts
from accounts.sync.people import follow
from accounts.sync.shapes import KnownPerson
from audit import denials
from core.errors import AlreadyExists, NameInvalid, UserUnknown
from database.transactions import release_connection

NOBODY = Origin()

log = structlog.get_logger(__name__)


def sign_in(username: str, password: str, origin: Origin = NOBODY) -> User | None:
    """The active user these credentials prove, or None. One query for a right local password.

    Raises DirectoryUnavailable when they could be right and the directory cannot be asked.
    """
    if not is_well_formed(password):
        return None
    try:
        name = UserName.parse(username)
    except NameInvalid:
        make_password(password)
        return None
    account = credentials.find_account(name)
    if account is not None and credentials.is_right(account, password):
        return account.user
    found = None
    try:
        found = by_directory(str(name), password, origin)
        return found
    finally:
        # Every failure costs one hash: that of the account's own password, or this one.
        if found is None and (account is None or not account.user.has_usable_password()):
            make_password(password)


def by_directory(name: str, password: str, origin: Origin = NOBODY) -> User | None:
    """As `sign_in`, by the directory alone. None where there is no directory."""
    if not ldap.enabled():
        return None
    release_connection()
    directory = ldap.Directory.current()
    proven = directory.prove(name, password, origin.ip or "")
    if proven is None:
        return None
    try:
        user = receive(proven, directory, origin)
    except UserUnknown:  # removed this very moment
        return None
    if user is None or not user.is_active:
        return None
    credentials.remember(Account(user, proven.person.subject), password, time.monotonic())
    return user


def receive(proven: Proven, directory: ldap.Directory, origin: Origin = NOBODY) -> User | None:
    """The account of someone the directory has proven, made or brought up to date; None if he can have none."""
    actor = directory_actor(origin)
    known = facts.person(proven.person.subject) or _made(actor, proven, origin)
    return None if known is None else follow(actor, known, proven, directory)


def _made(actor: Principal, proven: Proven, origin: Origin) -> KnownPerson | None:
    person = proven.person
    try:
        onboard(actor, person)
    except NameInvalid as error:
        _refuse(person.name, error.message, origin)
        return None
    except AlreadyExists:
        known = facts.person(person.subject)  # he signed in twice at once
        if known is None:
            _refuse(person.name, _taken(person.name), origin)
        return known
    return facts.person(person.subject)


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


def _refuse(name: str, reason: str, origin: Origin) -> None:
    log.warning("a person of the directory cannot sign in", user=name, reason=reason)
    actor = Principal(ActorKind.ANONYMOUS, 0, name, auth=AuthMethod.BASIC, origin=origin)
    denials.record(actor, "user.sign-in", reason=f"'{name}' of the directory cannot sign in: {reason}")
