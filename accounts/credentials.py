"""Passwords checked against accounts, at the same cost whether or not the user exists."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from collections import OrderedDict

from django.contrib.auth.hashers import check_password, make_password

from accounts.models import User
from accounts.names import UserName
from accounts.passwords import is_well_formed
from accounts.queries import find_user
from core.errors import NameInvalid

REMEMBERED_SECONDS = 60.0
REMEMBERED_MAX = 4096


class VerifiedCredentials:
    """Remembers for a minute that a password was right: `docker pull` in a loop costs one Argon2, not many.

    What is kept is an HMAC under a key of this process, of the password together with the user's id, epoch
    and stored hash: a changed password or a lost right makes it worthless at once.
    """

    def __init__(self, *, seconds: float = REMEMBERED_SECONDS, maximum: int = REMEMBERED_MAX) -> None:
        self._seconds = seconds
        self._maximum = maximum
        self._key = secrets.token_bytes(32)
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, user: User, password: str, now: float) -> bool:
        with self._lock:
            return self._until.get(self._tag(user, password), 0.0) > now

    def remember(self, user: User, password: str, now: float) -> None:
        tag = self._tag(user, password)
        with self._lock:
            self._until[tag] = now + self._seconds
            self._until.move_to_end(tag)
            while len(self._until) > self._maximum:
                self._until.popitem(last=False)

    def _tag(self, user: User, password: str) -> bytes:
        facts = f"{user.pk}\0{user.auth_epoch}\0{user.password}\0{password}"
        return hmac.digest(self._key, facts.encode(), hashlib.sha256)


_verified = VerifiedCredentials()


def _after_fork() -> None:
    global _verified
    _verified = VerifiedCredentials()


os.register_at_fork(
    after_in_child=_after_fork
)  # a lock held by another thread would never be released in the child


def authenticate(username: str, password: str) -> User | None:
    """The active user these credentials prove, or None. One query; never raises for what a client may send.

    An unknown name costs one hash, as a wrong password does, so that time does not tell which names exist.
    """
    if not is_well_formed(password):
        return None
    user = _user(username)
    if user is None:
        make_password(password)
        return None
    now = time.monotonic()
    if _verified.knows(user, password, now):
        return user if user.is_active else None
    if not check_password(password, user.password) or not user.is_active:
        return None
    _verified.remember(user, password, now)
    return user


def _user(username: str) -> User | None:
    try:
        return find_user(UserName.parse(username))
    except NameInvalid:
        return None
