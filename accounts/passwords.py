"""Passwords: how they are hashed and which ones are accepted."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher

from core.errors import InvalidInput

MIN_CHARACTERS = 8
MAX_CHARACTERS = 1024


class WharfArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with OWASP's second recommended cost: 19 MiB, two passes, one lane (about 25 ms).

    Django's default (100 MiB, eight lanes) costs ten times as much, on every `docker login`.
    """

    time_cost = 2
    memory_cost = 19456
    parallelism = 1


def check_acceptable(password: str) -> None:
    """Raise InvalidInput unless `password` has 8 to 1024 characters, all UTF-8 and none NUL."""
    if len(password) < MIN_CHARACTERS:
        raise InvalidInput(f"the password is too short: at least {MIN_CHARACTERS} characters are needed")
    if not is_well_formed(password):
        raise InvalidInput(
            f"the password cannot be used: at most {MAX_CHARACTERS} characters, and no NUL character"
        )


def is_well_formed(password: str) -> bool:
    """Whether `password` could be anybody's: anything else is refused before any hashing, never cut."""
    if not password or len(password) > MAX_CHARACTERS or "\0" in password:
        return False
    try:
        password.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True
