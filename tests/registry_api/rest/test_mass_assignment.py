"""Fields that an operation does not name change nothing: what a request with them does is what it does without them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.registry_api.rest.api import World
from tests.registry_api.rest.described import OPERATIONS, Operation, leaves, told
from tests.registry_api.rest.undone import Changes, effect

# What is made of a project's metadata is named by the body, and refused where nothing is called that.
NAMED_BY_BODY = {"/projects/{project}/metadatas"}
READING = [each for each in OPERATIONS if each.body is not None and each.path not in NAMED_BY_BODY]
EXTRA: dict[str, Any] = {
    **dict.fromkeys(("is_admin", "is_auditor", "is_superuser", "is_staff", "is_active", "admin"), True),
    **dict.fromkeys(("sysadmin_flag", "admin_role_in_auth", "system", "public", "immutable"), True),
    **dict.fromkeys(
        ("id", "pk", "user_id", "project_id", "owner_id", "creator", "created_by", "actor_id"), 1
    ),
    **dict.fromkeys(
        ("role", "role_id", "quota", "storage", "storage_limit", "used", "pull_count", "epoch"), 1
    ),
    **dict.fromkeys(
        ("owner", "owner_name", "username", "password", "secret", "level", "state", "kind"), "admin"
    ),
    "creation_time": "2000-01-01T00:00:00Z",
    "hard": {"storage": -1},
    "permissions": [{"kind": "system", "namespace": "/", "access": [{"resource": "*", "action": "*"}]}],
    "allowances": [],
    "__class__": {"a": 1},
    "constructor": {"prototype": {"is_admin": True}},
}


@pytest.mark.parametrize("operation", READING, ids=str)
def test_what_an_operation_does_not_name_does_nothing(passing: World, operation: Operation) -> None:
    parts, body = operation.parts(passing), operation.example(passing) or {}
    named = {names[0] for names, _ in leaves(operation.body or {})} | set(body)
    extra = {name: value for name, value in EXTRA.items() if name not in named}
    done = [_done(passing, operation, parts, sent) for sent in (body, body, body | extra)]
    # Ids, moments and secrets differ between two equal requests; all else is what was asked for.
    noise = {(table, column) for table, _, column, _ in _columns(done[0]) ^ _columns(done[1])}
    once, _, again = [{each for each in _columns(one) if (each[0], each[2]) not in noise} for one in done]
    assert again == once


def _done(world: World, operation: Operation, parts: dict[str, str], body: Any) -> Changes:
    answer, changed = effect(
        lambda: world.admin.call(operation.method, operation.path.format(**parts), json=body)
    )
    assert answer.status_code == operation.status("admin"), told(answer)
    return changed


def _columns(changes: Changes) -> set[tuple[str, str, str, str]]:
    """(table, gone or come, column, value) of everything that changed."""
    return {
        (table, side, name, repr(value))
        for table, change in changes.items()
        for side, rows in (("gone", change.gone), ("come", change.come))
        for row in rows
        for name, value in row.items()
    }
