"""Carries a planned change out, as the act it is. Each looks at the row as it is by then, and changes nothing for no change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from access.principal import Principal
from accounts.models import DisabledBy, Group, GroupMember, Source, User
from accounts.services import users
from accounts.services.directory import update_identity
from accounts.services.group_sync import group_is_gone, refresh_group, replace_people
from accounts.sync.shapes import Act, Change, GroupChange, Membership, Step

_DIRECTORY: Final = DisabledBy.DIRECTORY

_ON_USER: Final[dict[Act, Callable[[Principal, User, Change], object]]] = {
    Act.MOVE: lambda actor, user, change: update_identity(actor, user, change.after),
    Act.RENAME: lambda actor, user, change: users.rename_user(
        actor, user, change.after["username"], by=Source.LDAP
    ),
    Act.DETAILS: lambda actor, user, change: users.change_user(
        actor, user, email=change.after.get("email"), full_name=change.after.get("full_name"), by=Source.LDAP
    ),
    Act.DISABLE: lambda actor, user, _change: users.disable_user(actor, user, by=_DIRECTORY),
    Act.ENABLE: lambda actor, user, _change: users.enable_user(actor, user, by=_DIRECTORY),
    Act.ADMIN: lambda actor, user, change: users.set_admin(
        actor, user, change.after["admin"], by=Source.LDAP
    ),
    Act.AUDITOR: lambda actor, user, change: users.set_auditor(
        actor, user, change.after["auditor"], by=Source.LDAP
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
        replace_people(actor, group, _people_after(step))


def _people_after(step: Membership) -> set[int]:
    """Whoever signed in meanwhile brought fresher news of himself than the plan has: it moves only whom it names."""
    now = set(GroupMember.objects.filter(group_id=step.id).values_list("user_id", flat=True))
    return (now - set(step.removed)) | set(step.added)
