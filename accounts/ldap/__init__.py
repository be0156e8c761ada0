"""People and groups of an LDAP directory or Active Directory.

Everything here can be imported where python-ldap is not installed; `available()` tells, and asking a directory is refused
with the reason. Nothing here touches the database but the settings; nothing may be called inside a transaction.
"""

from __future__ import annotations

from accounts.ldap.diagnosis import Step, diagnose
from accounts.ldap.directory import Directory
from accounts.ldap.installed import available, enabled
from accounts.ldap.people import FoundGroup, Person, Proven
from accounts.ldap.settings import DirectorySettings

__all__ = [
    "Directory", "DirectorySettings", "FoundGroup", "Person", "Proven", "Step", "available", "diagnose", "enabled",
]  # fmt: skip
