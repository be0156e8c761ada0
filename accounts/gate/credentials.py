"""Passwords of accounts: checked, and remembered for a minute. The order of sources stands in accounts.gate.sign_in.

What is remembered counts for the address it came from alone: comparing with it is no limited guess, so nobody else may do that.
Nor may whoever shares the address: after twenty wrong ones in a minute it is forgotten, and the right one is a guess again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.contrib.auth.hashers import check_password

from accounts.models import Source, User
from accounts.models.keys import TokenKind
from accounts.names import UserName

REMEMBERED_SECONDS = 60.0
REMEMBERED_MAX = 4096
MISSES_MAX = 20
MISSES_SECONDS = 60.0


class Proof(Protocol):
    """What a password or secret is right for."""

    @property
    def facts(self) -> str:
        """All that must be as it was for it to be right still."""


@dataclass(frozen=True, slots=True)
class ChosenSecret:
    """A secret somebody chose: kept as passwords are. `epoch` is that of its robot, or of the user whose CLI secret it is."""

    kind: str
    id: int
    epoch: int
    hash: str

    @property
    def facts(self) -> str:
        return f"{self.kind}\0{self.id}\0{self.epoch}\0{self.hash}"


@dataclass(frozen=True, slots=True)
class Account:
    """A user with his identity in the directory, "" for none, and the CLI secret he chose.

    That stands for his password where he has none here. `networks`: where it may be used from.
    """

    user: User
    subject: str = ""
    cli_secret: ChosenSecret | None = None
    networks: Sequence[str] = ()

    @property
    def facts(self) -> str:
        user = self.user
        return f"{user.pk}\0{user.auth_epoch}\0{user.password}\0{self.subject}"

    @property
    def hash(self) -> str:
        """What a password is compared with here, "" for nothing."""
        if self.user.has_usable_password():
            return self.user.password
        return self.cli_secret.hash if self.cli_secret else ""


@dataclass(slots=True)
class _Kept:
    """The password that was right last for one proof, and how many others were tried since the minute began."""

    tag: bytes
    until: float = 0.0
    _misses: int = 0
    _since: float = float("-inf")

    def is_it(self, tag: bytes) -> bool:
        return hmac.compare_digest(self.tag, tag)

    def misses(self, now: float) -> int:
        """Count one more; how many they are in the minute that began with the first."""
        if now - self._since >= MISSES_SECONDS:
            self._since, self._misses = now, 0
        self._misses += 1
        return self._misses


class VerifiedCredentials:
    """Remembers for a minute that a password was right: `docker pull` in a loop costs one Argon2, or one bind, not many.

    What is kept is an HMAC under a key of this process, of the password together with the user's id, epoch, stored hash and
    identity: a changed local password, a lost right or a lost identity makes it worthless at once.
    Misses are counted only where there is something to be hit.
    """

    def __init__(self, *, seconds: float = REMEMBERED_SECONDS, maximum: int = REMEMBERED_MAX) -> None:
        self._seconds = seconds
        self._maximum = maximum
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, proof: Proof, password: str, now: float) -> bool:
        with self._lock:
            kept = self._kept.get(self._tag(proof))
            return kept is not None and kept.until > now and kept.is_it(self._tag(proof, password))

    def missed(self, proof: Proof, now: float) -> None:
        """Something else than what is remembered was tried."""
        whose = self._tag(proof)
        with self._lock:
            kept = self._kept.get(whose)
            if kept is not None and kept.misses(now) > MISSES_MAX:
                del self._kept[whose]

    def remember(self, proof: Proof, password: str, now: float) -> None:
        whose, tag = self._tag(proof), self._tag(proof, password)
        with self._lock:
            kept = self._kept.pop(whose, None) or _Kept(tag)
            kept.tag, kept.until = tag, now + self._seconds
            self._kept[whose] = kept
            while len(self._kept) > self._maximum:
                self._kept.popitem(last=False)

    def _tag(self, proof: Proof, password: str = "") -> bytes:
        """Of a password, or without one (none is empty) of whose it is."""
        return hmac.digest(self._key, f"{proof.facts}\0{password}".encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class _At:
    """A proof from one address."""

    proof: Proof
    ip: str | None

    @property
    def facts(self) -> str:
        return f"{self.ip}\0{self.proof.facts}"


_verified = VerifiedCredentials()


def _after_fork() -> None:
    global _verified
    _verified = VerifiedCredentials()


os.register_at_fork(
    after_in_child=_after_fork
)  # a lock of another thread would never be released in the child

# One statement, as every docker command comes by here; lower() as the unique index has it. One row also where nobody is found.
_ACCOUNT = """
    SELECT wanted.name AS folded_name, u.*,
      coalesce(i.subject, '') AS directory_subject, k.id AS key_id, k.hash AS key_hash, k.networks AS key_networks
    FROM (SELECT lower(%s) AS name) wanted
    LEFT JOIN account_user u ON lower(u.username) = wanted.name
    LEFT JOIN account_identity i ON i.user_id = u.id AND i.source = %s AND i.issuer = ''
    LEFT JOIN access_token k ON k.user_id = u.id AND k.kind = %s AND k.hash <> ''
      AND (k.expires_at IS NULL OR k.expires_at > now())
"""


def find_account(name: UserName) -> tuple[Account | None, str]:
    """The account of that name in any case of letters, active or not; and the name as the database folds it, found or not.

    Which spellings are one name is for the database to say: counted by another rule, guesses would tell who exists. One query.
    """
    (user,) = User.objects.raw(_ACCOUNT, [str(name), Source.LDAP, TokenKind.CLI_SECRET])
    row = vars(user)
    if row["id"] is None:
        return None, row["folded_name"]
    chosen = row["key_hash"] and ChosenSecret("cli", row["key_id"], user.auth_epoch, row["key_hash"])
    found = Account(user, row["directory_subject"], chosen or None, tuple(row["key_networks"] or ()))
    return found, row["folded_name"]


def is_remembered(proof: Proof, password: str, ip: str | None) -> bool:
    """Whether it was right a moment ago, from there, and nothing that counts has changed since."""
    return _verified.knows(_At(proof, ip), password, time.monotonic())


def missed(proof: Proof, ip: str | None) -> None:
    """It was another one than what is remembered."""
    _verified.missed(_At(proof, ip), time.monotonic())


def remember(proof: Proof, password: str, ip: str | None) -> None:
    """This password has been right, by what is kept here or by the directory."""
    _verified.remember(_At(proof, ip), password, time.monotonic())


def is_right(account: Account, password: str) -> bool:
    """Whether the account is active and this is its own password. At most one hash."""
    user = account.user
    return user.has_usable_password() and check_password(password, user.password) and user.is_active


def is_secret(chosen: ChosenSecret, secret: str) -> bool:
    """Whether this is the chosen secret. One hash."""
    return check_password(secret, chosen.hash)
