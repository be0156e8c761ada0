"""Writes one row of the audit log. Called by audit.actions, audit.denials, audit.sign_ins, and audit.spool for what is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from access.principal import AuthMethod, Principal, ProjectRef
from audit.detail import MAX_AGENT, MAX_REQUEST_ID, address, clean, encode
from audit.parts import NO_RESOURCE, Resource, Result
from database import generations, sql

_INSERT = """
    INSERT INTO audit_event (actor_kind, actor_id, actor_name, auth, token_id, ip, agent, request_id, operation,
                             permission, resource_type, resource_id, resource_name, project_id, result, detail)
    VALUES (%s, %s, %s, %s, %s, %s::inet, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb)
"""
_INSERT_AND_NOTIFY = f"WITH recorded AS ({_INSERT}) {generations.NOTIFY}"


@dataclass(frozen=True, slots=True)
class Event:
    actor: Principal
    operation: str
    permission: str
    result: Result
    project: ProjectRef | None = None
    resource: Resource = NO_RESOURCE
    detail: Mapping[str, Any] = field(default_factory=dict)


def record(event: Event, *, changed: str | None = None) -> None:
    """Insert the event into the caller's transaction; the time is the database's. Raises DatabaseError.

    `changed` names the repository or project of which everything remembered is stale once the transaction has committed.
    """
    if changed is None:
        sql.execute(_INSERT, _values(event))
        return
    sql.execute(_INSERT_AND_NOTIFY, (*_values(event), generations.CHANNEL, changed))
    generations.bump_after_commit(changed)


def _values(event: Event) -> tuple[object, ...]:
    actor, origin, resource = event.actor, event.actor.origin, event.resource
    return (
        str(actor.kind),
        actor.id,
        clean(actor.name),
        str(actor.auth),
        clean(actor.token_id, MAX_REQUEST_ID),
        address(origin.ip),
        clean(origin.agent, MAX_AGENT),
        clean(origin.request_id, MAX_REQUEST_ID),
        clean(event.operation),
        event.permission,
        clean(resource.type),
        clean(resource.id),
        clean(resource.name),
        event.project.id if event.project else None,
        str(event.result),
        encode({**event.detail, **_proof(actor)}),
    )


def _proof(actor: Principal) -> dict[str, Any]:
    """How the actor got the registry token he came with, and the id of his access token; nothing where there is neither."""
    told = {"via": str(actor.via)} if actor.via is not AuthMethod.NONE else {}
    keyed = {"key": actor.key_id} if actor.key_id else {}
    return {"proof": {**told, **keyed}} if told or keyed else {}
