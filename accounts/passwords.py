"""Passwords and chosen secrets: how they are hashed and which ones are accepted."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import CommonPasswordValidator, UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError

from accounts.keys.secrets import PREFIXES
from config import current
from config.catalogue.sign_in import PASSWORD_MIN_LENGTH
from core.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from accounts.models import User

MAX_CHARACTERS: Final = 1024
CHOSEN_MIN: Final = 8
CHOSEN_MAX: Final = 128
# Of one process: a hash is 19 MiB and a processor's work, and whoever guesses sends as many at once as there are threads.
HASHES_AT_ONCE: Final = min(4, os.cpu_count() or 1)
HASHING_SECONDS: Final = 2.0

_ATTRIBUTES: Final = {"username": "user name", "email": "e-mail address", "full_name": "full name"}
_CLASSES: Final = {
    "an upper-case letter": re.compile("[A-Z]"),
    "a lower-case letter": re.compile("[a-z]"),
    "a digit": re.compile("[0-9]"),
}


_places = threading.BoundedSemaphore(HASHES_AT_ONCE)


def _after_fork() -> None:
    global _places
    _places = threading.BoundedSemaphore(HASHES_AT_ONCE)


os.register_at_fork(
    after_in_child=_after_fork
)  # a thread the child does not have would hold a place for ever


@contextmanager
def _place() -> Iterator[None]:
    """One of the places of this process. Raises Unavailable when none comes free."""
    places = _places
    if not places.acquire(timeout=HASHING_SECONDS):
        raise Unavailable("too many passwords are being checked: try again in a moment", retry_after=2)
    try:
        yield
    finally:
        places.release()


class WharfArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with OWASP's second recommended cost: 19 MiB, two passes, one lane (about 25 ms).

    Django's default (100 MiB, eight lanes) costs ten times as much, on every `docker login`. HASHES_AT_ONCE of a process at a
    time, of people and robots alike; raises Unavailable after HASHING_SECONDS of waiting.
    """

    time_cost = 2
    memory_cost = 19456
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _place():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _place():
            return super().verify(password, encoded)


def check_acceptable(password: str, user: User) -> None:
    """Raise InvalidInput, naming every rule that a new password of this account breaks; `user` need not be saved.

    At least `password_min_length` and at most 1024 characters, all UTF-8 and none NUL, not one of the 20,000 most common ones
    and not like the account's name or mail, nor like a generated secret, which is looked for elsewhere. No kinds of characters
    are asked for (NIST SP 800-63B-4, 3.1.1.2). One query at most.
    """
    broken = list(_broken(password, user))
    if broken:
        raise InvalidInput(f"the password cannot be used: {'; '.join(broken)}")


def check_chosen(secret: str) -> None:
    """Raise InvalidInput, naming every rule that a secret chosen for a robot or as a CLI secret breaks.

    8 to 128 characters with an upper-case letter, a lower-case letter and a digit (Harbor's rule); not the form of a
    generated one, which is looked for elsewhere.
    """
    broken = list(_broken_of_chosen(secret))
    if broken:
        raise InvalidInput(f"the secret cannot be used: {'; '.join(broken)}")


def is_well_formed(password: str) -> bool:
    """Whether `password` could be anybody's: anything else is refused before any hashing, never cut."""
    if not password or len(password) > MAX_CHARACTERS or "\0" in password:
        return False
    try:
        password.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def _broken(password: str, user: User) -> Iterator[str]:
    least = current.get(PASSWORD_MIN_LENGTH)
    if len(password) < least:
        yield f"at least {least} characters are needed"
    if not password:
        return
    if not is_well_formed(password):
        yield f"at most {MAX_CHARACTERS} characters are allowed, none of them NUL or half a character"
        return
    if password.startswith(PREFIXES):
        yield f"only generated secrets begin with {', '.join(PREFIXES)}"
    if _is_refused_by(_common(), password):
        yield "it is one of the most common ones, which are guessed first"
    for attribute, words in _ATTRIBUTES.items():
        validator = UserAttributeSimilarityValidator(user_attributes=(attribute,))
        if _is_refused_by(validator, password, user):
            yield f"it is too much like the {words}"


def _broken_of_chosen(secret: str) -> Iterator[str]:
    if not CHOSEN_MIN <= len(secret) <= CHOSEN_MAX:
        yield f"{CHOSEN_MIN} to {CHOSEN_MAX} characters are needed"
    lacking = [words for words, pattern in _CLASSES.items() if not pattern.search(secret)]
    if lacking:
        yield f"it needs {', '.join(lacking)}"
    if secret and len(secret) <= MAX_CHARACTERS and not is_well_formed(secret):
        yield "it has a NUL or half a character"
    if secret.startswith(PREFIXES):
        yield f"only generated ones begin with {', '.join(PREFIXES)}"


@lru_cache(maxsize=1)
def _common() -> CommonPasswordValidator:
    return CommonPasswordValidator()


def _is_refused_by(
    validator: CommonPasswordValidator | UserAttributeSimilarityValidator,
    password: str,
    user: User | None = None,
) -> bool:
    try:
        validator.validate(password, user)
    except ValidationError:
        return True
    return False
