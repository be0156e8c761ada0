"""Whom a secret proves: a robot, or the owner of a personal access token or of a generated CLI secret.

Generated secrets are 256 bits at random: comparing costs microseconds, and nobody guesses one, so that they need no limit and a
robot cannot be locked out. A secret that somebody chose for a robot costs one hash, also where the robot is unknown, and is
limited as a password is: by the robot's name and the network it comes from (accounts.gate.limiter).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.contrib.auth.hashers import make_password

from access import allowances
from access.living import BOUNDS, ELDERS_NETWORKS, STATE, within
from access.principal import ActorKind, AuthMethod, Origin, Principal
from accounts.gate import credentials, limiter
from accounts.gate.credentials import ChosenSecret
from accounts.gate.sign_in import OUTSIDE
from accounts.keys import secrets
from accounts.keys.networks import is_within
from accounts.keys.robots import JOINT, MARK, RobotLogin, State, full_name
from accounts.models.keys import TokenKind
from accounts.names import UserName
from accounts.passwords import is_well_formed
from core.errors import CredentialsRefused, NameInvalid, Unavailable
from database import sql
from database.transactions import release_connection

METHODS: Final = {
    secrets.PAT_PREFIX: (TokenKind.PERSONAL, AuthMethod.PAT),
    secrets.CLI_PREFIX: (TokenKind.CLI_SECRET, AuthMethod.CLI_SECRET),
}

_ROBOT = f"""
    SELECT robot.id, robot.auth_epoch, robot.secret_digest, robot.secret_hash, robot.former_digest, robot.former_hash,
      coalesce(robot.former_until > now(), false), {STATE}, robot.allowances, {BOUNDS}, robot.networks, {ELDERS_NETWORKS}
    FROM robot WHERE lower(robot.name) = lower(%(name)s) AND
"""
_OF_SYSTEM = f"{_ROBOT} robot.project_id IS NULL"
_OF_PROJECT = (
    f"{_ROBOT} robot.project_id = (SELECT id FROM project WHERE name = %(project)s AND deleted_at IS NULL)"
)

_KEY = """
    SELECT key.id, key.allowances, key.networks, coalesce(key.expires_at <= now(), false), person.id, person.username,
      lower(person.username) = lower(%(name)s), person.is_active, person.is_admin, person.is_auditor, person.auth_epoch
    FROM access_token key JOIN account_user person ON person.id = key.user_id
    WHERE key.digest = ANY(%(digests)s::bytea[]) AND key.kind = %(kind)s
"""

_WHY = {
    State.DISABLED: "the robot is disabled",
    State.EXPIRED: "the robot has expired",
    State.ANCESTOR_DEAD: "a robot it was made by is disabled, expired or gone",
}


@dataclass(frozen=True, slots=True)
class _Robot:
    """A row of `_ROBOT`. JSON is text."""

    id: int
    epoch: int
    digest: bytes | None
    hash: str
    former_digest: bytes | None
    former_hash: str
    has_former: bool
    state: str
    allowances: str
    bounds: list[str]
    networks: list[str]
    elders_networks: list[str]

    @property
    def places(self) -> list[list[str]]:
        """Networks: where it may be used from is in one of each."""
        return [self.networks, *(orjson.loads(each) for each in self.elders_networks)]

    @property
    def digests(self) -> list[bytes | None]:
        return [self.digest, self.former_digest] if self.has_former else [self.digest]

    @property
    def chosen(self) -> ChosenSecret | None:
        """The present one, or the former one beside a generated one: never two, as a second hash would tell that it exists."""
        kept = self.hash or (self.former_hash if self.has_former else "")
        return ChosenSecret("robot", self.id, self.epoch, kept) if kept else None


@dataclass(frozen=True, slots=True)
class _Key:
    """A row of `_KEY` with its owner. JSON is decoded."""

    id: int
    allowances: list[dict[str, Any]] | None
    networks: list[str]
    has_ended: bool
    owner_id: int
    owner: str
    is_named: bool
    is_active: bool
    is_admin: bool
    is_auditor: bool
    epoch: int


def robot(username: str, secret: str, origin: Origin) -> Principal:
    """The robot of that name. One query.

    Raises CredentialsRefused; where the secret is a chosen one TooManyRequests, and Unavailable while too many are hashed.
    """
    if not is_well_formed(secret):
        raise CredentialsRefused("no robot can have that secret: it is empty, too long or malformed")
    login = RobotLogin.parse(username)
    found = None if login is None or not _is_plain(login.project) else _find(login)
    is_right = (
        _is_generated(found, secret)
        if secret.startswith(secrets.PREFIXES)
        else _is_chosen(found, secret, _counted(login, username), origin)
    )
    if found is None or login is None:
        raise CredentialsRefused("there is no robot of that name")
    if not is_right:
        raise CredentialsRefused("the robot's secret is wrong, or was replaced")
    if found.state != State.ACTIVE:
        raise CredentialsRefused(_WHY[State(found.state)])
    if not all(is_within(each, origin.ip) for each in found.places):
        raise CredentialsRefused(OUTSIDE)
    return Principal(
        ActorKind.ROBOT,
        found.id,
        full_name(login.name, login.project),
        auth=AuthMethod.ROBOT,
        origin=origin,
        epoch=found.epoch,
        allowances=within(found.allowances, found.bounds),
    )


def person(username: str, secret: str, origin: Origin) -> Principal:
    """The owner of a key whose secret begins as those in METHODS do; `username` must be his. One query.

    Raises CredentialsRefused.
    """
    kind, method = METHODS[next(each for each in METHODS if secret.startswith(each))]
    row = sql.row(_KEY, {"name": _name(username), "digests": secrets.digests(secret), "kind": kind})
    if row is None:
        raise CredentialsRefused("there is no such key: it was revoked, or is mistyped")
    found = _Key(*row)
    refusals = {
        "the key belongs to another account": not found.is_named,
        "the account is disabled": not found.is_active,
        "the key has expired": found.has_ended,
        OUTSIDE: not is_within(found.networks, origin.ip),
    }
    for reason, is_so in refusals.items():
        if is_so:
            raise CredentialsRefused(reason)
    return Principal(
        ActorKind.USER,
        found.owner_id,
        found.owner,
        is_admin=found.is_admin,
        is_auditor=found.is_auditor,
        auth=method,
        origin=origin,
        epoch=found.epoch,
        allowances=None if found.allowances is None else allowances.from_json(found.allowances),
        key_id=found.id,
    )


def _name(username: str) -> str:
    try:
        return str(UserName.parse(username))
    except NameInvalid:
        raise CredentialsRefused("nobody can have that name") from None


def _is_plain(project: str) -> bool:
    """Whether the database can be asked for it: it knows no NUL and no half of a character."""
    return project.isascii() and project.isprintable()


def _find(login: RobotLogin) -> _Robot | None:
    found = sql.row(
        _OF_PROJECT if login.project else _OF_SYSTEM, {"name": login.name, "project": login.project}
    )
    return None if found is None else _Robot(*found)


def _is_generated(found: _Robot | None, secret: str) -> bool:
    return found is not None and any(secrets.is_digest_of(each, secret) for each in found.digests)


def _counted(login: RobotLogin | None, username: str) -> str:
    """What guesses at its secret are counted by, whatever prefix is written before it; no user's name has a `$`."""
    return username if login is None else f"{MARK}{login.project}{JOINT}{login.name}"


def _is_chosen(found: _Robot | None, secret: str, counted: str, origin: Origin) -> bool:
    """Raises TooManyRequests before a guess too many is looked at, Unavailable while too many are hashed."""
    chosen = None if found is None else found.chosen
    if chosen and credentials.is_remembered(chosen, secret, origin.ip):
        return True
    if chosen:
        credentials.missed(chosen, origin.ip)
    release_connection()
    with limiter.turn(counted, origin):
        # Of several at once the first has proven it for all.
        if chosen and credentials.is_remembered(chosen, secret, origin.ip):
            return True
        return _is_guessed(chosen, secret, counted, origin)


def _is_guessed(chosen: ChosenSecret | None, secret: str, counted: str, origin: Origin) -> bool:
    """One hash, also where there is nothing to compare with."""
    with limiter.guess(counted, origin) as guess:
        try:
            is_right = credentials.is_secret(chosen, secret) if chosen else _is_nothing(secret)
        except Unavailable:
            guess.stays_open()
            raise
        if chosen and is_right:
            guess.was_right()
            credentials.remember(chosen, secret, origin.ip)
        return is_right


def _is_nothing(secret: str) -> bool:
    """False, at the cost of a comparison."""
    make_password(secret)
    return False
