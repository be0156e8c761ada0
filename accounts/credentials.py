"""Passwords of accounts: checked, and remembered for a minute. The order of sources stands in accounts.sign_in."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from django.contrib.auth.hashers import check_password

from accounts.models import Source, User
from accounts.names import UserName

REMEMBERED_SECONDS = 60.0
REMEMBERED_MAX = 4096


@dataclass(frozen=True, slots=True)
class Account:
    """A user with his identity in the directory, "" for none."""

    user: User
    subject: str = ""


class VerifiedCredentials:
    """Remembers for a minute that a password was right: `docker pull` in a loop costs one Argon2, or one bind, not many.

    What is kept is an HMAC under a key of this process, of the password together with the user's id, epoch, stored hash and
    identity: a changed local password, a lost right or a lost identity makes it worthless at once.
    """

    def __init__(self, *, seconds: float = REMEMBERED_SECONDS, maximum: int = REMEMBERED_MAX) -> None:
        self._seconds = seconds
        self._maximum = maximum
        self._key = secrets.token_bytes(32)
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, account: Account, password: str, now: float) -> bool:
        with self._lock:
            return self._until.get(self._tag(account, password), 0.0) > now

    def remember(self, account: Account, password: str, now: float) -> None:
        tag = self._tag(account, password)
        with self._lock:
            self._until[tag] = now + self._seconds
            self._until.move_to_end(tag)
            while len(self._until) > self._maximum:
                self._until.popitem(last=False)

    def _tag(self, account: Account, password: str) -> bytes:
        user = account.user
        facts = f"{user.pk}\0{user.auth_epoch}\0{user.password}\0{account.subject}\0{password}"
        return hmac.digest(self._key, facts.encode(), hashlib.sha256)


_verified = VerifiedCredentials()


def _after_fork() -> None:
    global _verified
    _verified = VerifiedCredentials()


os.register_at_fork(
    after_in_child=_after_fork
)  # a lock held by another thread would never be released in the child

# One statement, as every docker command comes by here; lower() as the unique index has it.
_ACCOUNT = """
    SELECT u.*, coalesce(i.subject, '') AS directory_subject FROM account_user u
    LEFT JOIN account_identity i ON i.user_id = u.id AND i.source = %s AND i.issuer = ''
    WHERE lower(u.username) = lower(%s)
"""


def find_account(name: UserName) -> Account | None:
    """The account of that name in any case of letters, active or not. One query."""
    for user in User.objects.raw(_ACCOUNT, [Source.LDAP, str(name)]):
        return Account(user, vars(user)["directory_subject"])
    return None


def is_right(account: Account, password: str) -> bool:
    """Whether the account is active and this is its own password, or one that was right a moment ago. At most one hash."""
    now = time.monotonic()
    if _verified.knows(account, password, now):
        return account.user.is_active
    user = account.user
    if not user.has_usable_password() or not check_password(password, user.password) or not user.is_active:
        return False
    _verified.remember(account, password, now)
    return True


def remember(account: Account, password: str, now: float) -> None:
    """The directory has taken this password for the account."""
    _verified.remember(account, password, now)
