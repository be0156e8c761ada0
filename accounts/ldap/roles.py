"""What somebody of the directory would be in Wharf, were he to sign in now."""

from __future__ import annotations

from access.models import Member
from access.table import Role
from accounts.ldap import names
from accounts.ldap.people import Proven
from accounts.ldap.settings import DirectorySettings
from accounts.models import Source

SHOWN = 20


def expected_roles(settings: DirectorySettings, proven: Proven) -> str:
    """In one line: through which of his groups he is what. "" for nothing."""
    dns = {group.dn for group in proven.groups}
    found = [
        role
        for role, dn in (
            ("system administrator", settings.admin_dn),
            ("auditor", settings.auditor_dn),
        )
        if dn and names.normal(dn) in dns
    ]
    members = Member.objects.filter(
        group__source=Source.LDAP, group__subject__in=[group.subject for group in proven.groups]
    ).order_by("project__name", "group__name")
    roles = members.values_list("project__name", "role_id", "group__name")[:SHOWN]
    found += [f"{Role(role).label} in {project} through {group}" for project, role, group in roles]
    return ", ".join(found)
