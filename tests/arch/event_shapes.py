"""What an event has to tell: written by hand, not read from the product."""

from __future__ import annotations

import json
from typing import Any, Final

from access.principal import Principal
from access.table import Permission
from audit.detail import MASK, MAX_DETAIL_BYTES
from audit.models import AuditEvent
from audit.operations import OPERATIONS, Kind

BEFORE, AFTER = "before", "after"
BOTH: Final = frozenset({BEFORE, AFTER})

# Something comes to be, or is added to something; something goes.
APPEARS: Final = frozenset(
    {
        "create",
        "register",
        "import",
        "mount",
        "copy",
        "label",
        "star",
        "link",
        "add",
        "run",
        "sync",
        "purge-start",
        "delete-start",
        "export",
        "export-start",
        "export-download",
    }
)
GOES: Final = frozenset({"delete", "unlink", "remove", "revoke", "sign-out", "purge", "unlabel", "unstar"})
# What needs neither: nothing changes, or too much to be told as what was and what is.
OTHERWISE: Final[dict[str, frozenset[str]]] = {
    # One tells what came and what went, by number and name: of 10,000 people who come and go nobody lists all.
    "group.sync": frozenset(),
    "user.groups": frozenset(),
    "configuration.reseal": frozenset({AFTER}),  # the same secrets under another key
    "queue.stop": frozenset({AFTER}),  # how many; each run tells itself what became of it
    "job.stop-all": frozenset({AFTER}),
    "quota.warn": frozenset(),
    "audit.forward-test": frozenset(),  # a message leaves, nothing changes
}
# What a thing in a project is called; an event about one belongs to the project.
IN_PROJECTS: Final = frozenset(
    {"artifact", "tag", "tag-rule", "blob", "repository", "project", "quota", "member"}
)


def flaws(event: AuditEvent, actor: Principal) -> list[str]:
    """What the event of an act of that actor lacks or tells wrong."""
    found = [
        f"{name} is {got!r}, not {wanted!r}" for name, got, wanted in _facts(event, actor) if got != wanted
    ]
    operation = OPERATIONS.get(event.operation)
    if operation is None:
        return [*found, f"{event.operation} is not in the catalogue"]
    if event.permission not in set(Permission):
        found.append(f"{event.permission!r} is no permission")
    if len(json.dumps(event.detail, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_DETAIL_BYTES:
        found.append("the detail is too long")
    if event.result == "denied":
        return found if event.detail.get("reason") else [*found, "no reason"]
    if operation.kind in (Kind.CHANGE, Kind.SIGN_IN):
        found += _told(event)
    return found


def _facts(event: AuditEvent, actor: Principal) -> list[tuple[str, Any, Any]]:
    origin = actor.origin
    return [
        ("actor_kind", event.actor_kind, str(actor.kind)),
        ("actor_id", event.actor_id, actor.id),
        ("actor_name", event.actor_name, actor.name),
        ("auth", event.auth, str(actor.auth)),
        ("token_id", event.token_id, actor.token_id),
        ("ip", event.ip, origin.ip),
        ("agent", event.agent, origin.agent),
        ("request_id", event.request_id, origin.request_id),
    ]


def _told(event: AuditEvent) -> list[str]:
    """Of an act that was done."""
    noun = event.operation.partition(".")[0]
    found = []
    if not event.resource_type or not event.resource_name:
        found.append(f"the resource is {event.resource_type!r} {event.resource_name!r}")
    if noun in IN_PROJECTS and event.project_id is None:
        found.append("no project")
    has = BOTH & set(event.detail)
    if not wanted(event.operation) <= has:
        found.append(f"{event.operation} tells {sorted(has)}, not {sorted(wanted(event.operation))}")
    if has == BOTH and event.detail[BEFORE] == event.detail[AFTER] and MASK not in str(event.detail):
        found.append(f"{event.detail} changes nothing")
    return found


def wanted(operation: str) -> frozenset[str]:
    """Which of what was and what is the event has to tell."""
    verb = operation.partition(".")[2]
    if operation in OTHERWISE:
        return OTHERWISE[operation]
    return frozenset({AFTER}) if verb in APPEARS else frozenset({BEFORE}) if verb in GOES else BOTH
