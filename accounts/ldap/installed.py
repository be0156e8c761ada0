"""Whether this installation can ask a directory at all."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final

import structlog

from config import current
from config.catalogue.sign_in import AUTH_MODE
from config.directory import AuthMode

log = structlog.get_logger(__name__)

HOW_TO_INSTALL: Final = "add it (docs/ldap.md): requirements/ldap.txt with pip, then restart"


@cache
def available() -> bool:
    """Whether python-ldap and django-auth-ldap are installed, with the library below them. Loads them: ten megabytes."""
    try:
        import_module("ldap")
        import_module("django_auth_ldap")
    except ImportError as missing:
        log.info("directories cannot be asked", reason=str(missing), hint=HOW_TO_INSTALL)
        return False
    return True


def enabled() -> bool:
    """Whether people of a directory may sign in: auth_mode says so and this installation can."""
    return current.get(AUTH_MODE) is AuthMode.LDAP_AUTH and available()
