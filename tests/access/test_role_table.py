"""The role table against Harbor's matrix, transcribed a second time by hand, and Wharf's deviations."""

from __future__ import annotations

from itertools import pairwise

import pytest

from access.table import (
    REGISTRY_ACTIONS,
    ROLES_BY_POWER,
    TABLE,
    Permission,
    Role,
    Subject,
    least_role,
    loses_rights,
    permissions,
)

LETTERS = {"C": "create", "R": "read", "U": "update", "D": "delete", "L": "list"}
COLUMNS = (
    Role.PROJECT_ADMIN,
    Role.MAINTAINER,
    Role.DEVELOPER,
    Role.GUEST,
    Role.LIMITED_GUEST,
    Subject.PUBLIC,
)
# Harbor's columns: project admin | maintainer | developer | guest | limited guest | anybody, public project.
HARBOR = {
    "project": "RUD | R | R | R | R | R",
    "member": "CRUDL | RL | RL | RL | - | -",
    "metadata": "CRUD | R | - | - | - | -",
    "log": "L | - | - | - | - | -",
    "label": "CRUDL | CRUDL | RL | RL | - | RL",
    "quota": "R | R | R | R | R | -",
    "repository": "CRUDL pull push | CRUDL pull push | CRUL pull push | RL pull | RL pull | L pull",
    "artifact": "CRDL | CRDL | CRL | RL | RL | RL",
    "artifact-addition": "R | R | R | R | R | R",
    "accessory": "L | L | L | L | L | L",
    "tag": "CDL | CDL | CL | L | L | L",
    "artifact-label": "CD | CD | CD | - | - | -",
    "tag-retention": "CRUDL operate | CRUDL operate | CRUDL operate | - | - | -",
    "immutable-tag": "CUDL | CUDL | - | - | - | -",
    "configuration": "RU | R | R | R | R | -",
    "robot": "CRUDL | RL | RL | RL | - | -",
    "notification-policy": "CRUDL | RL | - | - | - | -",
    "scan": "CR stop | CR stop | R | R | R | R",
    "sbom": "CR stop | CR stop | R | R | R | -",
    "scanner": "CR | R | R | R | R | R",
    "preheat-policy": "CRUDL | - | - | - | - | -",
    "export-cve": "CRL | CRL | CRL | - | - | -",
}
HARBOR_COUNTS = (75, 53, 36, 20, 14, 12)
# What Wharf adds to and takes from Harbor's columns, and why.
DEVIATIONS = {
    # Restoring is for who may delete; a dry run of retention for who may see its rules.
    Role.PROJECT_ADMIN: ("artifact:restore tag:restore tag-retention:dry-run", ""),
    Role.MAINTAINER: ("artifact:restore tag:restore tag-retention:dry-run", ""),
    # Harbor lets a developer edit rules that delete what he may not delete, and shows him robots.
    Role.DEVELOPER: (
        "tag-retention:dry-run immutable-tag:list",
        "robot:read robot:list "
        + " ".join(f"tag-retention:{action}" for action in ("create", "update", "delete", "operate")),
    ),
    Role.GUEST: ("", "robot:read robot:list"),
}
SYSTEM = {
    "catalog": "R",
    "audit-log": "L",
    "project": "CRUDL",
    "metadata": "L",
    "user": "CRUDL",
    "user-group": "CRUDL",
    "registry": "CRUDL",
    "distribution": "CRUDL",
    "garbage-collection": "CRUDL stop",
    "replication": "CRUDL",
    "replication-adapter": "L",
    "replication-policy": "CRUDL",
    "scan-all": "CRUDL stop",
    "system-volumes": "R",
    "ldap-user": "CL",
    "configuration": "RU",
    "jobservice-monitor": "RL stop",
    "security-hub": "RL",
    "preheat-instance": "CRUDL",
    "purge-audit": "CRUL stop",
    "quota": "RUL",
    "scanner": "CRUDL",
    "repository": "scanner-pull",
}


def cell(resource: str, text: str) -> set[str]:
    """`"CR stop"` of scan -> scan:create, scan:read, scan:stop."""
    found: set[str] = set()
    for word in text.split():
        letters = word.isupper()
        found |= {f"{resource}:{LETTERS[letter]}" for letter in word} if letters else set()
        found |= set() if letters or word == "-" else {f"{resource}:{word}"}
    return found


def harbor(column: int) -> set[str]:
    return set().union(*(cell(resource, row.split("|")[column].strip()) for resource, row in HARBOR.items()))


@pytest.mark.parametrize("column", range(6))
def test_the_transcribed_matrix_has_as_many_grants_as_harbor(column: int):
    assert len(harbor(column)) == HARBOR_COUNTS[column]


@pytest.mark.parametrize("column", range(6))
def test_every_column_is_harbors_with_the_deviations(column: int):
    holder = COLUMNS[column]
    added, removed = DEVIATIONS.get(holder, ("", "")) if isinstance(holder, Role) else ("", "")
    assert TABLE[holder] == (harbor(column) | set(added.split())) - set(removed.split())


def test_every_permission_of_the_matrix_exists_and_no_other():
    everything = set().union(
        *map(harbor, range(6)), *(cell(resource, row) for resource, row in SYSTEM.items())
    )
    everything |= set(" ".join(added for added, _ in DEVIATIONS.values()).split())
    everything |= {str(permission) for permission in TABLE[Subject.ONESELF]}
    assert {str(permission) for permission in Permission} == everything


def test_the_system_administrator_holds_everything():
    assert TABLE[Subject.SYSTEM_ADMIN] == set(Permission)


def test_the_auditor_reads_and_neither_pulls_nor_changes():
    assert TABLE[Subject.AUDITOR_IN_PROJECT] == {
        *("project:read", "metadata:read", "configuration:read", "quota:read", "log:list"),
        *("member:read", "member:list", "robot:read", "robot:list"),
        *("tag-retention:read", "tag-retention:list", "immutable-tag:list", "scanner:read"),
        *("notification-policy:read", "notification-policy:list"),
    }
    assert TABLE[Subject.AUDITOR] == {"audit-log:list", "project:list"}


def test_each_role_holds_all_that_the_next_weaker_one_holds():
    for stronger, weaker in pairwise(ROLES_BY_POWER):
        assert TABLE[stronger] > TABLE[weaker]


def test_role_numbers_are_harbors():
    assert {role.name: int(role) for role in Role} == {
        "PROJECT_ADMIN": 1,
        "DEVELOPER": 2,
        "GUEST": 3,
        "MAINTAINER": 4,
        "LIMITED_GUEST": 5,
    }


@pytest.mark.parametrize("role_id", [0, 6, 99, 100, -1])
def test_an_unknown_role_number_holds_nothing(role_id: int):
    assert permissions(role_id) == frozenset()


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        (Role.PROJECT_ADMIN, {"pull", "push", "delete"}),
        (Role.MAINTAINER, {"pull", "push", "delete"}),
        (Role.DEVELOPER, {"pull", "push"}),
        (Role.GUEST, {"pull"}),
        (Role.LIMITED_GUEST, {"pull"}),
    ],
)
def test_registry_actions_of_each_role(role: Role, actions: set[str]):
    assert {action for action, needed in REGISTRY_ACTIONS.items() if needed <= TABLE[role]} == actions


def test_the_least_role_for_a_push_is_developer_and_for_a_quota_none():
    assert least_role(Permission.REPOSITORY_PUSH) is Role.DEVELOPER
    assert least_role(Permission.REPOSITORY_PULL) is Role.LIMITED_GUEST
    assert least_role(Permission.QUOTA_UPDATE) is None


def test_only_a_step_down_loses_rights():
    assert loses_rights(Role.MAINTAINER, Role.DEVELOPER)
    assert loses_rights(Role.GUEST, Role.LIMITED_GUEST)
    assert not loses_rights(Role.DEVELOPER, Role.MAINTAINER)
    assert not loses_rights(Role.GUEST, Role.GUEST)
