"""Records who has signed in, and who tried to: events that no permission is asked for."""

from __future__ import annotations

from dataclasses import replace

from access.principal import ActorKind, AuthMethod, Principal
from audit import denials, recorder
from audit.parts import Resource, Result
from audit.recorder import Event


def record(actor: Principal, method: AuthMethod, **detail: str | int | bool | None) -> None:
    """One event `user.sign-in` or `robot.sign-in` in the caller's transaction: `method` is what the actor proved himself by.

    `detail`: facts besides, none of them secret. Raises DatabaseError.
    """
    event = Event(
        actor=replace(actor, auth=method),
        operation=_operation(actor.kind),
        permission="",
        result=Result.OK,
        resource=Resource(str(actor.kind), str(actor.id), actor.name),
        detail=detail,
    )
    recorder.record(event)


def refused(nobody: Principal, kind: ActorKind, name: str, reason: str) -> None:
    """Write (or count) a sign-in that proved nothing: `name` is the one that was tried. Never raises."""
    denials.record(nobody, _operation(kind), resource=Resource(str(kind), "", name), reason=reason)


def _operation(kind: ActorKind) -> str:
    return "robot.sign-in" if kind is ActorKind.ROBOT else "user.sign-in"
