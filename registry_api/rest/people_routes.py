"""Routes of people, their groups and keys, and of settings."""

from __future__ import annotations

from registry_api.rest import (
    configurations,
    ldap,
    oneself,
    own_keys,
    permissions,
    robots,
    usergroups,
    users,
    volumes,
)
from registry_api.rest.endpoint import Endpoint

USER = "users/<id:user_id>"

ROUTES: tuple[tuple[str, type[Endpoint], str], ...] = (
    ("users", users.Users, "api_users"),
    ("users/search", users.UserSearch, "api_user_search"),
    ("users/current", oneself.CurrentUser, "api_current_user"),
    ("users/current/permissions", oneself.CurrentPermissions, "api_current_permissions"),
    ("users/current/tokens", own_keys.Tokens, "api_own_tokens"),
    ("users/current/tokens/<id:token_id>", own_keys.OneToken, "api_own_token"),
    ("users/current/sessions", own_keys.Sessions, "api_own_sessions"),
    ("users/current/sessions/<id:session_id>", own_keys.OneSession, "api_own_session"),
    (USER, users.OneUser, "api_user"),
    (f"{USER}/sysadmin", users.UserSysAdmin, "api_user_sysadmin"),
    (f"{USER}/password", users.UserPassword, "api_user_password"),
    (f"{USER}/cli_secret", users.CliSecret, "api_user_cli_secret"),
    ("robots", robots.Robots, "api_robots"),
    ("robots/<id:robot_id>", robots.OneRobot, "api_robot"),
    ("usergroups", usergroups.UserGroups, "api_usergroups"),
    ("usergroups/search", usergroups.UserGroupSearch, "api_usergroup_search"),
    ("usergroups/<id:group_id>", usergroups.OneUserGroup, "api_usergroup"),
    ("configurations", configurations.Configurations, "api_configurations"),
    ("ldap/ping", ldap.LdapPing, "api_ldap_ping"),
    ("ldap/users/search", ldap.LdapUserSearch, "api_ldap_user_search"),
    ("ldap/users/import", ldap.LdapImport, "api_ldap_import"),
    ("ldap/groups/search", ldap.LdapGroupSearch, "api_ldap_group_search"),
    ("system/oidc/ping", ldap.OidcPing, "api_oidc_ping"),
    ("systeminfo/volumes", volumes.Volumes, "api_volumes"),
    ("permissions", permissions.Permissions, "api_permissions"),
)
