"""The first rows of a new registry: a public project, the schedules of its upkeep, an administrator with a random password."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable

from access.principal import Origin, Principal
from accounts.models import User
from accounts.services.users import create_user
from core.errors import AlreadyExists
from jobs import schedules
from projects.models import Project
from projects.services.projects import create_project
from wharf.default_schedules import DEFAULTS

LIBRARY = "library"
ADMIN = "admin"
# 24 letters and digits, 142 bits: nothing a shell or `docker login -p` could take for an option.
PASSWORD_ALPHABET = string.ascii_letters + string.digits
PASSWORD_LENGTH = 24


def bootstrap() -> str | None:
    """Make what was never there; the new administrator's password, to be shown once, or None.

    A project or user that someone deleted or renamed on purpose is not made again.
    """
    actor = Principal.system("wharf up", Origin(agent="wharf up"))
    if not Project.objects.filter(name=LIBRARY).exists():
        _ignoring_a_race(lambda: create_project(actor, LIBRARY, public=True))
    schedules.install(actor, DEFAULTS)
    if User.objects.exists():
        return None
    password = "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_LENGTH))
    made = _ignoring_a_race(lambda: create_user(actor, ADMIN, password=password, is_admin=True))
    return password if made else None


def _ignoring_a_race(create: Callable[[], object]) -> bool:
    """Two hosts may start at once on one database; the second finds the rows there."""
    try:
        create()
    except AlreadyExists:
        return False
    return True
