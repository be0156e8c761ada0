"""Who asked for a job, as he is now: what is done for him is done with the rights he still has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from access.principal import ActorKind, AuthMethod, Origin, Principal
from accounts.models import User
from accounts.principals import of_user
from core.errors import Denied

if TYPE_CHECKING:
    from jobs.progress import Progress


def requester(progress: Progress) -> Principal:
    """Raises Denied for who is gone or was disabled, and for a key, which says nothing of itself later."""
    run = progress.run
    origin = Origin(agent=f"job {run.id}")
    if run.actor_kind == ActorKind.SYSTEM:
        return Principal.system(run.actor_name, origin)
    person = User.objects.filter(pk=run.actor_id, is_active=True).first()
    if run.actor_kind != ActorKind.USER or person is None:
        raise Denied(f"{run.actor_name}, who asked for this, is no longer here or was disabled")
    return of_user(person, auth=AuthMethod.NONE, origin=origin)
