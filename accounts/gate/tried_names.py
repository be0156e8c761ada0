"""How a name that was tried in vain is kept in the audit log: plainly where it is one, else so that it is no password.

People type passwords and tokens into the field of the name; the audit log is read by many and kept for long. Kept plainly:

    the name of an account, as the account spells it
    what a robot of this registry would be named, with its prefix, whether it exists or not

Of a generated secret its prefix is kept; of everything else two characters, how many they are, and a short keyed digest by
which the same one is known again: "jo… (12 characters, #5f0c1a9e)".
"""

from __future__ import annotations

import hashlib
from typing import Final

from django.conf import settings
from django.db import DatabaseError

from access.principal import ActorKind
from accounts.gate import credentials
from accounts.keys.robots import RobotLogin, full_name
from accounts.keys.secrets import PREFIXES
from accounts.names import UserName
from audit.detail import MASK
from core.errors import NameInvalid
from core.oci.names import ProjectName
from database.transactions import TRY_AGAIN

SHOWN: Final = 2
DIGEST_BYTES: Final = 4


def shown(kind: ActorKind, username: str) -> str:
    """What is kept of it. At most one query; never raises for what was typed, nor for a database that is away."""
    lower = username.lower()
    secret = next((prefix for prefix in PREFIXES if prefix in lower), None)
    if secret is not None:
        return f"{secret}{MASK}"
    known = _robot(username) if kind is ActorKind.ROBOT else _account(username)
    return known or _masked(username)


def _robot(username: str) -> str | None:
    """Only with the prefix of this registry: a password with a `$` in it may end like the name of some robot."""
    login = RobotLogin.parse(username)
    if login is None or (login.project and not _is_project(login.project)):
        return None
    return username if username == full_name(login.name, login.project) else None


def _is_project(name: str) -> bool:
    try:
        ProjectName.parse(name)
    except NameInvalid:
        return False
    return True


def _account(username: str) -> str | None:
    try:
        found, _ = credentials.find_account(UserName.parse(username))
    except (NameInvalid, DatabaseError, *TRY_AGAIN):
        return None
    return found.user.username if found else None


def _masked(username: str) -> str:
    key = hashlib.sha256(f"tried names\0{settings.SECRET_KEY}".encode()).digest()
    typed = username.encode("utf-8", "surrogatepass")
    known_again = hashlib.blake2b(typed, key=key, digest_size=DIGEST_BYTES).hexdigest()
    return f"{username[:SHOWN]}… ({len(username)} characters, #{known_again})"
