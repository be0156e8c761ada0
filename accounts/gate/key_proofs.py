"""Whom a secret proves: a robot, or the owner of a personal access token or of a generated CLI secret.

Generated secrets are 256 bits at random: comparing costs microseconds, and nobody guesses one, so that they need no limit and a
robot cannot be locked out. A secret that somebody chose for a robot costs one hash, also where the robot is unknown; they are
hashed one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson
from django.contrib.auth.hashers import make_password

from access import allowances
from access.living import BOUNDS, ELDERS_NETWORKS, STATE, within
from access.principal import ActorKind, AuthMethod, Origin, Principal
from accounts.gate import credentials
from accounts.gate.credentials import ChosenSecret
from accounts.gate.sign_in import OUTSIDE
from accounts.gate.turns import Turns
from accounts.keys import secrets
from accounts.keys.networks import is_within
from accounts.keys.robots import RobotLogin, State, full_name
from accounts.models.keys import TokenKind
from accounts.names import UserName
from accounts.passwords import is_well_formed
from core.errors import CredentialsRefused, NameInvalid, Unavailable
from database import sql
from database.transactions import release_connection

HASHING_SECONDS: Final = 5.0

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

_hashing = Turns()


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
    def chosen(self) -> list[ChosenSecret]:
        hashes = (self.hash, self.former_hash) if self.has_former else (self.hash,)
        return [ChosenSecret("robot", self.id, self.epoch, each) for each in hashes if each]


def robot(username: str, secret: str, origin: Origin) -> Principal:
    """The robot of that name. One query. Raises CredentialsRefused; Unavailable while too many chosen secrets are hashed."""
    if not is_well_formed(secret):
        raise CredentialsRefused("no robot can have that secret: it is empty, too long or malformed")
    login = RobotLogin.parse(username)
    found = None if login is None or not _is_plain(login.project) else _find(login)
    is_right = (
        _is_generated(found, secret)
        if secret.startswith(secrets.PREFIXES)
        else _is_chosen(found, secret, origin.ip)
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
    found = sql.row(_KEY, {"name": _name(username), "digests": secrets.digests(secret), "kind": kind})
    if found is None:
        raise CredentialsRefused("there is no such key: it was revoked, or is mistyped")
    key_id, bounds, networks, has_ended, id_, name, is_his, is_active, is_admin, is_auditor, epoch = found
    refusals = {
        "the key belongs to another account": not is_his,
        "the account is disabled": not is_active,
        "the key has expired": has_ended,
        OUTSIDE: not is_within(networks, origin.ip),
    }
    for reason, is_so in refusals.items():
        if is_so:
            raise CredentialsRefused(reason)
    return Principal(
        ActorKind.USER,
        id_,
        name,
        is_admin=is_admin,
        is_auditor=is_auditor,
        auth=method,
        origin=origin,
        epoch=epoch,
        allowances=None if bounds is None else allowances.from_json(bounds),
        key_id=key_id,
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


def _is_chosen(found: _Robot | None, secret: str, ip: str | None) -> bool:
    """Raises Unavailable when one's turn does not come: guesses fill no more than one processor."""
    chosen = [] if found is None else found.chosen
    if any(credentials.is_remembered(each, secret, ip) for each in chosen):
        return True
    release_connection()
    with _hashing.of("robots", HASHING_SECONDS) as is_held:
        if not is_held:
            raise Unavailable("too many secrets are being checked: try again in a moment", retry_after=2)
        if not chosen:
            make_password(secret)
        right = next((each for each in chosen if credentials.is_secret(each, secret)), None)
    if right is not None:
        credentials.remember(right, secret, ip)
    return right is not None
