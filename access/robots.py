"""What a robot may be given at all: Harbor's two lists (features.md §4), with Wharf's own permissions on artifacts and tags.

Never settings of the system or of sign-in, never anything about its own keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from access.table import P, Permissions


def _named(actions: Mapping[str, str]) -> Permissions:
    return frozenset(
        P(f"{resource}:{action}") for resource, named in actions.items() for action in named.split()
    )


IN_PROJECT: Final = _named(
    {
        "project": "read update delete",
        "member": "create read update delete list",
        "metadata": "create read update delete list",
        "log": "list",
        "label": "create read update delete list",
        "quota": "read",
        "repository": "read update delete list pull push",
        "artifact": "create read delete list restore",
        "artifact-addition": "read",
        "accessory": "list",
        "tag": "create delete list restore",
        "artifact-label": "create delete",
        "tag-retention": "create read update delete list operate dry-run",
        "immutable-tag": "create update delete list",
        "robot": "create read delete list",
        "notification-policy": "create read update delete list",
        "scan": "create read stop",
        "sbom": "create read stop",
        "scanner": "create read",
        "preheat-policy": "create read update delete list",
        "export-cve": "create read",
    }
)
"""In one project or in all."""

IN_SYSTEM: Final = _named(
    {
        "audit-log": "list",
        "catalog": "read",
        "garbage-collection": "create read update list stop",
        "jobservice-monitor": "list stop",
        "label": "create read update delete",
        "ldap-user": "create list",
        "preheat-instance": "create read update delete list",
        "project": "create list",
        "purge-audit": "create read update list stop",
        "quota": "read update list",
        "registry": "create read update delete list",
        "replication": "create read list",
        "replication-adapter": "list",
        "replication-policy": "create read update delete list",
        "robot": "create read delete list",
        "scan-all": "create read update stop",
        "scanner": "create read update delete list",
        "security-hub": "read list",
        "system-volumes": "read",
        "user": "create read update delete list",
        "user-group": "create read update delete list",
    }
)
"""In the system as a whole."""
