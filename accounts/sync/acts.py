"""Carries a planned change out, as the act it is. Each looks at the row as it is by then, and changes nothing for no change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from access.principal import Principal
from accounts.models import Group, User
from accounts.services import users
from accounts.services.directory import update_identity
from accounts.services.group_sync import change_people, group_is_gone, refresh_group
from accounts.sync.shapes import Act, Change, GroupChange, Step

_ON_USER: Final[dict[Act, Callable[[Principal, User, Change], object]]] = {
    Act.MOVE: lambda actor, user, change: update_identity(
        actor, user, change.after, subject=change.seen.subject
    ),
    Act.RENAME: lambda actor, user, change: users.rename_user(
        actor, user, change.after["username"], by=change.seen
    ),
    Act.DETAILS: lambda actor, user, change: users.change_user(
        actor, user, email=change.after.get("email"), full_name=change.after.get("full_name"), by=change.seen
    ),
    Act.DISABLE: lambda actor, user, change: users.disable_user(actor, user, by=change.seen),
    Act.ENABLE: lambda actor, user, change: users.enable_user(actor, user, by=change.seen),
    Act.ADMIN: lambda actor, user, change: users.set_admin(
        actor, user, change.after["admin"], by=change.seen
    ),
    Act.AUDITOR: lambda actor, user, change: users.set_auditor(
        actor, user, change.after["auditor"], by=change.seen
    ),
}


def apply(actor: Principal, step: Step) -> None:
    """Raises what the act raises: AlreadyExists, LastAdministrator, UserUnknown, GroupUnknown."""
    if isinstance(step, Change):
        _ON_USER[step.act](actor, User(pk=step.id, username=step.name), step)
        return
    group = Group(pk=step.id, name=step.name)
    if isinstance(step, GroupChange):
        refresh_group(actor, Group.objects.get(pk=step.id), step.found)
    elif step.act is Act.GONE:
        group_is_gone(actor, group)
    else:
        # Whoever signed in meanwhile brought fresher news of himself than the plan has: it moves only whom it names.
        change_people(actor, group, joined=step.seen, left=step.removed.keys())
