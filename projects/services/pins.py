"""Pins: projects that somebody keeps at hand, for himself alone. Nobody else sees them, nor does the project's activity."""

from __future__ import annotations

from typing import Final

from access.check import require
from access.principal import Principal, ProjectRef
from access.table import P
from accounts.models import User
from accounts.services.oneself import own_row
from audit.actions import Draft, action
from core.errors import Conflict
from database.transactions import retried
from projects.models import ProjectPin

MOST: Final = 50


@retried
def pin(actor: Principal, project: ProjectRef) -> None:
    """Twice is once. Raises ProjectUnknown, Conflict for more than MOST, Denied (to robots and keys)."""
    with action(actor, P.ACCOUNT_PREFERENCES, name="project-pin.create", owner=actor.id) as draft:
        _own(actor, project, draft)
        pinned = ProjectPin.objects.filter(user_id=actor.id)
        if pinned.exclude(project_id=project.id).count() >= MOST:
            raise Conflict(f"{MOST} projects are pinned by you: take one off first")
        _row, is_new = pinned.get_or_create(user_id=actor.id, project_id=project.id)
        draft.after({"pinned": True})
        if not is_new:
            draft.discard()


@retried
def unpin(actor: Principal, project: ProjectRef) -> None:
    """Where it is not pinned nothing changes. Raises ProjectUnknown, Denied."""
    with action(actor, P.ACCOUNT_PREFERENCES, name="project-pin.delete", owner=actor.id) as draft:
        _own(actor, project, draft)
        draft.before({"pinned": True})
        gone, _each = ProjectPin.objects.filter(user_id=actor.id, project_id=project.id).delete()
        if not gone:
            draft.discard()


def _own(actor: Principal, project: ProjectRef, draft: Draft) -> None:
    own_row(actor, User(pk=actor.id, username=actor.name), draft)
    require(actor, P.PROJECT_READ, project)
    draft.resource("project", project.id, project.name)
