"""The only writer of groups. Who loses a right with a group has his sessions and tokens ended, nobody else."""

from __future__ import annotations

from typing import Protocol

from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from access.administrators import keeping_admins
from access.losses import Taken, roles_of_groups
from access.principal import Principal
from access.table import P, Role
from access.whole import require_whole
from accounts.models import Group, GroupMember, Source, User
from accounts.names import GroupName
from accounts.services.lost_rights import end_sessions_of_losers
from audit.actions import Draft, action
from core.errors import AlreadyExists, GroupUnknown, KeptByDirectory, UserUnknown
from database import sql
from database.transactions import retried


class Found(Protocol):
    """A group as the directory has it. `subject` is its identity there; `dn` is normalised."""

    @property
    def subject(self) -> str: ...
    @property
    def dn(self) -> str: ...
    @property
    def name(self) -> str: ...


@retried
def create_group(actor: Principal, name: str) -> Group:
    """A local group, empty. Raises NameInvalid, AlreadyExists, Denied."""
    group = Group(name=str(GroupName.parse(name)))
    with action(actor, P.USER_GROUP_CREATE, name="group.create") as draft:
        _insert(group, "give the new one another name")
        _describe(draft, group)
        draft.after({"source": group.source})
    return group


@retried
def create_provided_group(actor: Principal, name: str) -> Group:
    """A group of the OpenID provider, empty until people of it sign in: those whose groups claim lists this very name.

    Known by the name the provider has for it: renamed here, it stays that group. Raises NameInvalid, AlreadyExists, Denied.
    """
    group = Group(name=str(GroupName.parse(name)), source=Source.OIDC, subject=name.strip())
    with action(actor, P.USER_GROUP_CREATE, name="group.create") as draft:
        _insert(
            group,
            "rename that one first (wharf group rename), or find the provider's among those of source oidc",
        )
        _describe(draft, group)
        draft.after({"source": group.source, "subject": group.subject})
    return group


@retried
def import_group(actor: Principal, found: Found, *, name: str | None = None) -> Group:
    """A group of the directory, empty until it is synchronised. One that is known already is returned as it is.

    `name` is what it is called here, the directory's name unless given. Raises NameInvalid, AlreadyExists, Denied.
    """
    wanted = str(GroupName.parse(found.name if name is None else name))
    group = Group(
        name=wanted, source=Source.LDAP, subject=found.subject, dn=found.dn, directory_name=found.name
    )
    with action(actor, P.USER_GROUP_CREATE, name="group.import") as draft:
        try:
            _insert(group, "import this one under another name (--name)")
        except AlreadyExists:
            known = Group.objects.filter(source=Source.LDAP, subject=found.subject).first()
            if known is None:
                raise
            draft.discard()
            return known
        _describe(draft, group)
        draft.after({"source": group.source, "dn": group.dn})
    return group


@retried
def rename_group(actor: Principal, group: Group, name: str) -> Group:
    """Raises NameInvalid, AlreadyExists, GroupUnknown, Denied. Renamed here, a directory's group keeps the name."""
    wanted = str(GroupName.parse(name))
    with action(actor, P.USER_GROUP_UPDATE, name="group.rename") as draft:
        row = locked(group, draft)
        draft.before({"name": row.name})
        draft.after({"name": wanted})
        if row.name == wanted:
            draft.discard()
            return row
        row.name = wanted
        save_changes(row, ["name"])
    return row


@retried
def delete_group(actor: Principal, group: Group) -> None:
    """Delete the group with its memberships. Raises LastAdministrator, GroupUnknown, Denied."""
    with action(actor, P.USER_GROUP_DELETE, name="group.delete") as draft:
        # FOR UPDATE: nobody may give it a role or a person until it is gone.
        row = locked(group, draft, statement="SELECT id FROM user_group WHERE id = %s FOR UPDATE")
        people, taken = people_of(row.pk), roles_of_groups([row.pk])
        draft.before({"source": row.source, "dn": row.dn, "people": len(people), "projects": len(taken)})
        with keeping_admins(administered(taken)):
            row.delete()
        end_sessions_of_losers(people, taken)


@retried
def add_to_group(actor: Principal, group: Group, user: User) -> Group:
    """Raises KeptByDirectory, GroupUnknown, UserUnknown, Denied. Who is in it already stays."""
    with action(actor, P.USER_GROUP_UPDATE, name="group.add") as draft:
        require_whole(actor)  # the group's roles may hold more than a key does
        row = _local(group, draft)
        found = User.objects.select_for_update(of=("self",), no_key=True).filter(pk=user.pk).first()
        if found is None:
            raise UserUnknown(f"no user '{user.username}'", user=user.username)
        _, is_new = GroupMember.objects.get_or_create(group=row, user=found)
        draft.after({"user": found.username})
        if not is_new:
            draft.discard()
    return row


@retried
def remove_from_group(actor: Principal, group: Group, user: User) -> Group:
    """Raises KeptByDirectory, LastAdministrator, GroupUnknown, Denied. Who is not in it stays out."""
    with action(actor, P.USER_GROUP_UPDATE, name="group.remove") as draft:
        row = _local(group, draft)
        taken = roles_of_groups([row.pk])
        draft.before({"user": user.username})
        with keeping_admins(administered(taken)):
            removed, _ = GroupMember.objects.filter(group=row, user=user).delete()
        if not removed:
            draft.discard()
            return row
        end_sessions_of_losers([user.pk], taken)
    return row


def locked(
    group: Group,
    draft: Draft,
    *,
    statement: str = "SELECT id FROM user_group WHERE id = %s FOR NO KEY UPDATE",
) -> Group:
    """The group's row, its people changed by nobody else until the transaction ends. Raises GroupUnknown."""
    if sql.row(statement, (group.pk,)) is None:
        raise GroupUnknown(f"no group '{group.name}'", group=group.name)
    row = Group.objects.get(pk=group.pk)
    _describe(draft, row)
    return row


def people_of(group_id: int) -> list[int]:
    """The ids of everybody in the group, active or not."""
    return list(GroupMember.objects.filter(group_id=group_id).values_list("user_id", flat=True))


def administered(taken: frozenset[Taken]) -> list[int]:
    """The projects in which an admin's role is among what is taken."""
    return [each.project_id for each in taken if each.role_id == Role.PROJECT_ADMIN]


def save_changes(row: Group, fields: list[str]) -> None:
    """Raises AlreadyExists when another group has the name."""
    try:
        row.save(update_fields=fields)
    except IntegrityError as error:
        raise _taken(error, row, "choose another name") from error


def _insert(group: Group, advice: str) -> None:
    try:
        with transaction.atomic():
            group.save(force_insert=True)
    except IntegrityError as error:
        raise _taken(error, group, advice) from error


def _taken(error: IntegrityError, group: Group, advice: str) -> Exception:
    if not isinstance(error.__cause__, UniqueViolation):
        return error
    return AlreadyExists(f"a group named '{group.name}' exists already: {advice}", group=group.name)


def _local(group: Group, draft: Draft) -> Group:
    row = locked(group, draft)
    if row.source != Source.LOCAL:
        place = (
            "from the OpenID provider: change them there, and let them sign in again"
            if row.source == Source.OIDC
            else "from the directory: change them there, then run wharf ldap sync"
        )
        raise KeptByDirectory(f"the people of '{row.name}' come {place}")
    return row


def _describe(draft: Draft, group: Group) -> None:
    draft.resource("group", group.pk, group.name)
