"""The one table of rights: who holds which permission.

Permissions are Harbor's `resource:action` strings. The rows are Harbor's role matrix with Wharf's deviations:
a developer reads retention and immutability rules and tries retention dry instead of editing rules that
delete what he may not; guests and developers do not see robots; maintainers restore what they may delete; the
auditor reads, and pulls nothing from private projects. `docs/permissions.md` is generated from here (`wharf
permissions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum


class Role(IntEnum):
    """A member's role in a project; the numbers are Harbor's and stand in `member.role_id`."""

    PROJECT_ADMIN = 1
    DEVELOPER = 2
    GUEST = 3
    MAINTAINER = 4
    LIMITED_GUEST = 5

    @property
    def label(self) -> str:
        return self.name.lower().replace("_", " ")


class Subject(StrEnum):
    """Holders of permissions who are not members."""

    PUBLIC = "anybody, on a public project"
    SYSTEM_ADMIN = "system administrator"
    AUDITOR = "auditor, system-wide"
    AUDITOR_IN_PROJECT = "auditor, on any project"
    ONESELF = "a user, on his own account"


class Permission(StrEnum):
    """Every permission there is, project ones first."""

    PROJECT_CREATE = "project:create"
    PROJECT_READ = "project:read"
    PROJECT_UPDATE = "project:update"
    PROJECT_DELETE = "project:delete"
    PROJECT_LIST = "project:list"
    MEMBER_CREATE = "member:create"
    MEMBER_READ = "member:read"
    MEMBER_UPDATE = "member:update"
    MEMBER_DELETE = "member:delete"
    MEMBER_LIST = "member:list"
    METADATA_CREATE = "metadata:create"
    METADATA_READ = "metadata:read"
    METADATA_UPDATE = "metadata:update"
    METADATA_DELETE = "metadata:delete"
    METADATA_LIST = "metadata:list"
    LOG_LIST = "log:list"
    LABEL_CREATE = "label:create"
    LABEL_READ = "label:read"
    LABEL_UPDATE = "label:update"
    LABEL_DELETE = "label:delete"
    LABEL_LIST = "label:list"
    QUOTA_READ = "quota:read"
    QUOTA_UPDATE = "quota:update"
    QUOTA_LIST = "quota:list"
    REPOSITORY_CREATE = "repository:create"
    REPOSITORY_READ = "repository:read"
    REPOSITORY_UPDATE = "repository:update"
    REPOSITORY_DELETE = "repository:delete"
    REPOSITORY_LIST = "repository:list"
    REPOSITORY_PULL = "repository:pull"
    REPOSITORY_PUSH = "repository:push"
    REPOSITORY_SCANNER_PULL = "repository:scanner-pull"
    ARTIFACT_CREATE = "artifact:create"
    ARTIFACT_READ = "artifact:read"
    ARTIFACT_DELETE = "artifact:delete"
    ARTIFACT_LIST = "artifact:list"
    ARTIFACT_RESTORE = "artifact:restore"
    ARTIFACT_ADDITION_READ = "artifact-addition:read"
    ACCESSORY_LIST = "accessory:list"
    TAG_CREATE = "tag:create"
    TAG_DELETE = "tag:delete"
    TAG_LIST = "tag:list"
    TAG_RESTORE = "tag:restore"
    ARTIFACT_LABEL_CREATE = "artifact-label:create"
    ARTIFACT_LABEL_DELETE = "artifact-label:delete"
    TAG_RETENTION_CREATE = "tag-retention:create"
    TAG_RETENTION_READ = "tag-retention:read"
    TAG_RETENTION_UPDATE = "tag-retention:update"
    TAG_RETENTION_DELETE = "tag-retention:delete"
    TAG_RETENTION_LIST = "tag-retention:list"
    TAG_RETENTION_OPERATE = "tag-retention:operate"
    TAG_RETENTION_DRY_RUN = "tag-retention:dry-run"
    IMMUTABLE_TAG_CREATE = "immutable-tag:create"
    IMMUTABLE_TAG_UPDATE = "immutable-tag:update"
    IMMUTABLE_TAG_DELETE = "immutable-tag:delete"
    IMMUTABLE_TAG_LIST = "immutable-tag:list"
    CONFIGURATION_READ = "configuration:read"
    CONFIGURATION_UPDATE = "configuration:update"
    ROBOT_CREATE = "robot:create"
    ROBOT_READ = "robot:read"
    ROBOT_UPDATE = "robot:update"
    ROBOT_DELETE = "robot:delete"
    ROBOT_LIST = "robot:list"
    NOTIFICATION_POLICY_CREATE = "notification-policy:create"
    NOTIFICATION_POLICY_READ = "notification-policy:read"
    NOTIFICATION_POLICY_UPDATE = "notification-policy:update"
    NOTIFICATION_POLICY_DELETE = "notification-policy:delete"
    NOTIFICATION_POLICY_LIST = "notification-policy:list"
    SCAN_CREATE = "scan:create"
    SCAN_READ = "scan:read"
    SCAN_STOP = "scan:stop"
    SBOM_CREATE = "sbom:create"
    SBOM_READ = "sbom:read"
    SBOM_STOP = "sbom:stop"
    SCANNER_CREATE = "scanner:create"
    SCANNER_READ = "scanner:read"
    SCANNER_UPDATE = "scanner:update"
    SCANNER_DELETE = "scanner:delete"
    SCANNER_LIST = "scanner:list"
    PREHEAT_POLICY_CREATE = "preheat-policy:create"
    PREHEAT_POLICY_READ = "preheat-policy:read"
    PREHEAT_POLICY_UPDATE = "preheat-policy:update"
    PREHEAT_POLICY_DELETE = "preheat-policy:delete"
    PREHEAT_POLICY_LIST = "preheat-policy:list"
    EXPORT_CVE_CREATE = "export-cve:create"
    EXPORT_CVE_READ = "export-cve:read"
    EXPORT_CVE_LIST = "export-cve:list"
    # The system's own.
    CATALOG_READ = "catalog:read"
    AUDIT_LOG_LIST = "audit-log:list"
    USER_CREATE = "user:create"
    USER_READ = "user:read"
    USER_UPDATE = "user:update"
    USER_DELETE = "user:delete"
    USER_LIST = "user:list"
    USER_GROUP_CREATE = "user-group:create"
    USER_GROUP_READ = "user-group:read"
    USER_GROUP_UPDATE = "user-group:update"
    USER_GROUP_DELETE = "user-group:delete"
    USER_GROUP_LIST = "user-group:list"
    REGISTRY_CREATE = "registry:create"
    REGISTRY_READ = "registry:read"
    REGISTRY_UPDATE = "registry:update"
    REGISTRY_DELETE = "registry:delete"
    REGISTRY_LIST = "registry:list"
    DISTRIBUTION_CREATE = "distribution:create"
    DISTRIBUTION_READ = "distribution:read"
    DISTRIBUTION_UPDATE = "distribution:update"
    DISTRIBUTION_DELETE = "distribution:delete"
    DISTRIBUTION_LIST = "distribution:list"
    GARBAGE_COLLECTION_CREATE = "garbage-collection:create"
    GARBAGE_COLLECTION_READ = "garbage-collection:read"
    GARBAGE_COLLECTION_UPDATE = "garbage-collection:update"
    GARBAGE_COLLECTION_DELETE = "garbage-collection:delete"
    GARBAGE_COLLECTION_LIST = "garbage-collection:list"
    GARBAGE_COLLECTION_STOP = "garbage-collection:stop"
    REPLICATION_CREATE = "replication:create"
    REPLICATION_READ = "replication:read"
    REPLICATION_UPDATE = "replication:update"
    REPLICATION_DELETE = "replication:delete"
    REPLICATION_LIST = "replication:list"
    REPLICATION_ADAPTER_LIST = "replication-adapter:list"
    REPLICATION_POLICY_CREATE = "replication-policy:create"
    REPLICATION_POLICY_READ = "replication-policy:read"
    REPLICATION_POLICY_UPDATE = "replication-policy:update"
    REPLICATION_POLICY_DELETE = "replication-policy:delete"
    REPLICATION_POLICY_LIST = "replication-policy:list"
    SCAN_ALL_CREATE = "scan-all:create"
    SCAN_ALL_READ = "scan-all:read"
    SCAN_ALL_UPDATE = "scan-all:update"
    SCAN_ALL_DELETE = "scan-all:delete"
    SCAN_ALL_LIST = "scan-all:list"
    SCAN_ALL_STOP = "scan-all:stop"
    PREHEAT_INSTANCE_CREATE = "preheat-instance:create"
    PREHEAT_INSTANCE_READ = "preheat-instance:read"
    PREHEAT_INSTANCE_UPDATE = "preheat-instance:update"
    PREHEAT_INSTANCE_DELETE = "preheat-instance:delete"
    PREHEAT_INSTANCE_LIST = "preheat-instance:list"
    PURGE_AUDIT_CREATE = "purge-audit:create"
    PURGE_AUDIT_READ = "purge-audit:read"
    PURGE_AUDIT_UPDATE = "purge-audit:update"
    PURGE_AUDIT_LIST = "purge-audit:list"
    PURGE_AUDIT_STOP = "purge-audit:stop"
    SYSTEM_VOLUMES_READ = "system-volumes:read"
    LDAP_USER_CREATE = "ldap-user:create"
    LDAP_USER_LIST = "ldap-user:list"
    JOBSERVICE_MONITOR_READ = "jobservice-monitor:read"
    JOBSERVICE_MONITOR_LIST = "jobservice-monitor:list"
    JOBSERVICE_MONITOR_STOP = "jobservice-monitor:stop"
    SECURITY_HUB_READ = "security-hub:read"
    SECURITY_HUB_LIST = "security-hub:list"
    # Wharf's own, held by everybody of his own account.
    ACCOUNT_UPDATE = "account:update"
    ACCOUNT_PREFERENCES = "account:preferences"
    ACCESS_TOKEN_CREATE = "access-token:create"  # noqa: S105 - names of permissions
    ACCESS_TOKEN_LIST = "access-token:list"  # noqa: S105
    ACCESS_TOKEN_DELETE = "access-token:delete"  # noqa: S105
    SESSION_LIST = "session:list"
    SESSION_DELETE = "session:delete"


P = Permission
Permissions = frozenset[Permission]


def _row(*parts: Iterable[Permission]) -> Permissions:
    return frozenset().union(*parts)


# What everybody may do with the contents of a public project.
_PUBLIC = _row(
    {P.PROJECT_READ, P.LABEL_READ, P.LABEL_LIST, P.REPOSITORY_LIST, P.REPOSITORY_PULL},
    {P.ARTIFACT_READ, P.ARTIFACT_LIST},
    {P.ARTIFACT_ADDITION_READ, P.ACCESSORY_LIST, P.TAG_LIST, P.SCAN_READ, P.SCANNER_READ},
)
_LIMITED_GUEST = _row(
    _PUBLIC - {P.LABEL_READ, P.LABEL_LIST},
    {P.QUOTA_READ, P.REPOSITORY_READ, P.CONFIGURATION_READ, P.SBOM_READ},
)
_GUEST = _row(_LIMITED_GUEST, {P.MEMBER_READ, P.MEMBER_LIST, P.LABEL_READ, P.LABEL_LIST})
_DEVELOPER = _row(
    _GUEST,
    {P.REPOSITORY_CREATE, P.REPOSITORY_UPDATE, P.REPOSITORY_PUSH, P.ARTIFACT_CREATE, P.TAG_CREATE},
    {P.ARTIFACT_LABEL_CREATE, P.ARTIFACT_LABEL_DELETE},
    {P.EXPORT_CVE_CREATE, P.EXPORT_CVE_READ, P.EXPORT_CVE_LIST},
    {P.TAG_RETENTION_READ, P.TAG_RETENTION_LIST, P.TAG_RETENTION_DRY_RUN, P.IMMUTABLE_TAG_LIST},
)
_MAINTAINER = _row(
    _DEVELOPER,
    {P.METADATA_READ, P.ROBOT_READ, P.ROBOT_LIST, P.NOTIFICATION_POLICY_READ, P.NOTIFICATION_POLICY_LIST},
    {P.LABEL_CREATE, P.LABEL_UPDATE, P.LABEL_DELETE, P.REPOSITORY_DELETE},
    {P.ARTIFACT_DELETE, P.TAG_DELETE, P.ARTIFACT_RESTORE, P.TAG_RESTORE},
    {P.TAG_RETENTION_CREATE, P.TAG_RETENTION_UPDATE, P.TAG_RETENTION_DELETE, P.TAG_RETENTION_OPERATE},
    {P.IMMUTABLE_TAG_CREATE, P.IMMUTABLE_TAG_UPDATE, P.IMMUTABLE_TAG_DELETE},
    {P.SCAN_CREATE, P.SCAN_STOP, P.SBOM_CREATE, P.SBOM_STOP},
)
_PROJECT_ADMIN = _row(
    _MAINTAINER,
    {P.PROJECT_UPDATE, P.PROJECT_DELETE, P.LOG_LIST, P.CONFIGURATION_UPDATE, P.SCANNER_CREATE},
    {P.MEMBER_CREATE, P.MEMBER_UPDATE, P.MEMBER_DELETE},
    {P.METADATA_CREATE, P.METADATA_UPDATE, P.METADATA_DELETE},
    {P.ROBOT_CREATE, P.ROBOT_UPDATE, P.ROBOT_DELETE},
    {P.NOTIFICATION_POLICY_CREATE, P.NOTIFICATION_POLICY_UPDATE, P.NOTIFICATION_POLICY_DELETE},
    {P.PREHEAT_POLICY_CREATE, P.PREHEAT_POLICY_READ, P.PREHEAT_POLICY_UPDATE, P.PREHEAT_POLICY_DELETE},
    {P.PREHEAT_POLICY_LIST},
)

TABLE: Mapping[Role | Subject, Permissions] = {
    Role.PROJECT_ADMIN: _PROJECT_ADMIN,
    Role.MAINTAINER: _MAINTAINER,
    Role.DEVELOPER: _DEVELOPER,
    Role.GUEST: _GUEST,
    Role.LIMITED_GUEST: _LIMITED_GUEST,
    Subject.PUBLIC: _PUBLIC,
    Subject.SYSTEM_ADMIN: frozenset(Permission),
    # Two rows, because `configuration:read` and `quota:read` of a project are also names of the system's own
    # settings.
    Subject.AUDITOR: frozenset({P.AUDIT_LOG_LIST, P.PROJECT_LIST}),
    # Who may do what, by which rules, and what was done: never what is in the repositories, nor which there are.
    Subject.AUDITOR_IN_PROJECT: _row(
        {P.PROJECT_READ, P.METADATA_READ, P.CONFIGURATION_READ, P.QUOTA_READ, P.LOG_LIST},
        {P.MEMBER_READ, P.MEMBER_LIST, P.ROBOT_READ, P.ROBOT_LIST},
        {P.TAG_RETENTION_READ, P.TAG_RETENTION_LIST, P.IMMUTABLE_TAG_LIST, P.SCANNER_READ},
        {P.NOTIFICATION_POLICY_READ, P.NOTIFICATION_POLICY_LIST},
    ),
    Subject.ONESELF: frozenset(
        {
            P.ACCOUNT_UPDATE,
            P.ACCOUNT_PREFERENCES,
            P.ACCESS_TOKEN_CREATE,
            P.ACCESS_TOKEN_LIST,
            P.ACCESS_TOKEN_DELETE,
            P.SESSION_LIST,
            P.SESSION_DELETE,
        }
    ),
}

# What a browser session may do only a short while after its user has proved himself: secrets, roles, who sees a project,
# settings of sign-in, and what cannot be undone.
NEEDS_CONFIRMATION: Permissions = frozenset(
    {
        P.ACCOUNT_UPDATE,
        P.ACCESS_TOKEN_CREATE,
        P.ROBOT_CREATE,
        P.ROBOT_UPDATE,
        P.ROBOT_DELETE,
        P.MEMBER_CREATE,
        P.MEMBER_UPDATE,
        P.MEMBER_DELETE,
        P.PROJECT_UPDATE,
        P.PROJECT_DELETE,
        P.METADATA_CREATE,
        P.METADATA_UPDATE,
        P.METADATA_DELETE,
        P.CONFIGURATION_UPDATE,
        P.PURGE_AUDIT_CREATE,
        P.PURGE_AUDIT_UPDATE,
        P.USER_CREATE,
        P.USER_UPDATE,
        P.USER_DELETE,
        P.USER_GROUP_CREATE,
        P.USER_GROUP_UPDATE,
        P.USER_GROUP_DELETE,
    }
)

# From most to least. Each row holds all the next one holds, which `least_role` relies on.
ROLES_BY_POWER = (Role.PROJECT_ADMIN, Role.MAINTAINER, Role.DEVELOPER, Role.GUEST, Role.LIMITED_GUEST)

# The actions of the distribution API's token scopes. An action is granted to who holds all its permissions: a
# token says only "delete", so half of it would become the whole.
REGISTRY_ACTIONS: Mapping[str, Permissions] = {
    "pull": frozenset({P.REPOSITORY_PULL}),
    "push": frozenset({P.REPOSITORY_PUSH}),
    "delete": frozenset({P.TAG_DELETE, P.ARTIFACT_DELETE}),
}


def permissions(role_id: int) -> Permissions:
    """What a member with `member.role_id` holds; nothing for a number no role has."""
    try:
        return TABLE[Role(role_id)]
    except ValueError:
        return frozenset()


def label(role_id: int) -> str:
    """The role for people, "project admin"; "role 100" for a number no role has."""
    return Role(role_id).label if role_id in set(Role) else f"role {role_id}"


def least_role(permission: Permission) -> Role | None:
    """The least powerful role that holds `permission`; None when no role of a project does."""
    holders = [role for role in ROLES_BY_POWER if permission in TABLE[role]]
    return holders[-1] if holders else None


def loses_rights(old_role_id: int, new_role_id: int) -> bool:
    """Whether a change of role takes anything away."""
    return bool(permissions(old_role_id) - permissions(new_role_id))
