"""What the directory says of its groups, written down: their people, names and places. Part of the only writer of groups.

No guard keeps a project's last admin here: who leaves a group in the directory has left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models.functions import Now

from access.losses import roles_of_groups
from access.principal import Principal
from access.table import P
from accounts.models import Group, GroupMember, Source, User
from accounts.names import GroupName
from accounts.services.groups import Found, locked, people_of, save_changes
from accounts.services.lost_rights import end_sessions_of_losers
from accounts.sync.shapes import Sighting
from audit.actions import Draft, action
from core.errors import KeptByDirectory, NameInvalid, UserUnknown
from database import sql
from database.transactions import retried

MAX_NAMES: Final = 50
"""Names an event lists; the number is always whole."""

# Users deleted meanwhile are left out, and those found stay until the transaction ends.
_ADD_PEOPLE = """
    INSERT INTO user_group_member (group_id, user_id)
    SELECT %s, id FROM account_user WHERE id = ANY(%s::bigint[]) ORDER BY id FOR KEY SHARE
    ON CONFLICT DO NOTHING RETURNING user_id
"""
# Whose account is another's by now, or has lost something since it was seen, is left out. Unlinking moves the epoch, and a
# row that was waited for is looked at again: nobody is unlinked between this and the end of the transaction.
_JOIN_PEOPLE = """
    INSERT INTO user_group_member (group_id, user_id)
    SELECT %s, u.id FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS seen (user_id, subject, epoch)
    JOIN account_user u ON u.id = seen.user_id AND u.auth_epoch = seen.epoch
    JOIN account_identity i ON i.user_id = u.id AND i.source = 'ldap' AND i.issuer = '' AND i.subject = seen.subject
    ORDER BY u.id FOR NO KEY UPDATE OF u
    ON CONFLICT DO NOTHING RETURNING user_id
"""
_REMOVE_PEOPLE = (
    "DELETE FROM user_group_member WHERE group_id = %s AND user_id = ANY(%s::bigint[]) RETURNING user_id"
)
# As by everything that changes a group's people, also who leaves it: see projects/services/members.py.
_LOCK_GROUPS = "SELECT id FROM user_group WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
_ADD_GROUPS = """
    INSERT INTO user_group_member (group_id, user_id)
    SELECT id, %s FROM user_group WHERE id = ANY(%s::bigint[]) AND source = %s ON CONFLICT DO NOTHING RETURNING group_id
"""
_REMOVE_GROUPS = (
    "DELETE FROM user_group_member WHERE user_id = %s AND group_id = ANY(%s::bigint[]) RETURNING group_id"
)
_IDENTITY = """
    SELECT FROM account_identity WHERE user_id = %s AND source = %s AND issuer = %s AND subject = %s
"""
_USER_NAMES = "SELECT username FROM account_user WHERE id = ANY(%s::bigint[]) ORDER BY username LIMIT %s"
_GROUP_NAMES = "SELECT name FROM user_group WHERE id = ANY(%s::bigint[]) ORDER BY name LIMIT %s"


@dataclass(frozen=True, slots=True)
class Replaced:
    """Ids that came and went, of users in a group or of groups of a user; `ended`: people whose sessions ended."""

    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    ended: int = field(default=0, compare=False)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


@retried
def replace_people(actor: Principal, group: Group, user_ids: Collection[int]) -> Replaced:
    """Make these the people of a directory's group, all of them and no others, and note when that was.

    Raises KeptByDirectory for a local group, GroupUnknown, Denied.
    """
    with action(actor, P.USER_GROUP_UPDATE, name="group.sync") as draft:
        row = _locked_of_directory(group, draft)
        present, wanted = set(people_of(row.pk)), set(user_ids)
        added = _ids(_ADD_PEOPLE, (row.pk, sorted(wanted - present))) if wanted - present else ()
        return _settled(row, draft, added, present - wanted)


@retried
def change_people(
    actor: Principal, group: Group, *, joined: Mapping[int, Sighting], left: Collection[int]
) -> Replaced:
    """As `replace_people`, for these people alone: nobody else comes or goes, whoever is in the group by now.

    Nobody joins whose account is another's by now, or has lost a right since it was seen. Raises as that one.
    """
    with action(actor, P.USER_GROUP_UPDATE, name="group.sync") as draft:
        row = _locked_of_directory(group, draft)
        seen = joined.values()
        whom = (list(joined), [each.subject for each in seen], [each.epoch for each in seen])
        added = _ids(_JOIN_PEOPLE, (row.pk, *whom)) if joined else ()
        return _settled(row, draft, added, left)


def _locked_of_directory(group: Group, draft: Draft) -> Group:
    """Raises KeptByDirectory for a group of another source, GroupUnknown."""
    row = locked(group, draft)
    if row.source != Source.LDAP:
        raise KeptByDirectory(f"'{row.name}' is no group of the directory: its people come from elsewhere")
    return row


def _settled(row: Group, draft: Draft, added: tuple[int, ...], leaving: Collection[int]) -> Replaced:
    """The end of an act in which those came: takes out who leaves, and tells of both."""
    removed = _ids(_REMOVE_PEOPLE, (row.pk, sorted(leaving))) if leaving else ()
    ended = end_sessions_of_losers(removed, roles_of_groups([row.pk]) if removed else ())
    Group.objects.filter(pk=row.pk).update(synced_at=Now())
    draft.detail = _told(_USER_NAMES, added, removed) | {"sessions_ended": ended}
    if not added and not removed:
        draft.discard()
    return Replaced(added, removed, ended)


def replace_groups_of(
    actor: Principal,
    user: User,
    group_ids: Collection[int],
    *,
    subject: str = "",
    source: Source = Source.LDAP,
    issuer: str = "",
) -> Replaced:
    """Make these the groups of that source the user is in; all others of his stay. Nothing is written for no change.

    `subject` (of `source` and `issuer`): whose account it must still be when he joins any. Raises UserUnknown, also when it is
    not; Denied.
    """
    present = set(
        GroupMember.objects.filter(user=user, group__source=source).values_list("group_id", flat=True)
    )
    if present == set(group_ids):
        return Replaced()
    joined, left = sorted(set(group_ids) - present), sorted(present - set(group_ids))
    return _replace_groups_of(actor, user, joined, left, his=(source, issuer, subject))


@retried
def _replace_groups_of(
    actor: Principal, user: User, joined: Sequence[int], left: Sequence[int], *, his: tuple[Source, str, str]
) -> Replaced:
    with action(actor, P.USER_GROUP_UPDATE, name="user.groups") as draft:
        if sql.row("SELECT FROM account_user WHERE id = %s FOR KEY SHARE", (user.pk,)) is None:
            raise UserUnknown(f"no user '{user.username}'", user=user.username)
        draft.resource("user", user.pk, user.username)
        sql.rows(_LOCK_GROUPS, (sorted({*joined, *left}),))
        added = _ids(_ADD_GROUPS, (user.pk, list(joined), his[0])) if joined else ()
        if added and his[2]:
            _check_his(user, his)
        removed = _ids(_REMOVE_GROUPS, (user.pk, list(left))) if left else ()
        ended = end_sessions_of_losers([user.pk], roles_of_groups(removed) if removed else ())
        draft.detail = _told(_GROUP_NAMES, added, removed) | {"sessions_ended": ended}
        if not added and not removed:
            draft.discard()
    return Replaced(added, removed, ended)


@retried
def refresh_group(actor: Principal, group: Group, found: Found) -> Group:
    """Follow a renamed, moved or returned group of the directory. Writes nothing, and no event, for no change.

    A name given here stays, and so does the old one where another group has the new one. Raises GroupUnknown, Denied.
    """
    if not _changes(group, found):
        return group
    with action(actor, P.USER_GROUP_UPDATE, name="group.refresh") as draft:
        row = locked(group, draft)
        changes = _changes(row, found)
        draft.before({name: getattr(row, name) for name in changes})
        draft.after(changes)
        for name, value in changes.items():
            setattr(row, name, value)
        save_changes(row, list(changes))
        if not changes:
            draft.discard()
    return row


@retried
def group_is_gone(actor: Principal, group: Group) -> Replaced:
    """The directory has the group no more: nobody is in it; its roles stay, for it may return. Raises GroupUnknown, Denied."""
    with action(actor, P.USER_GROUP_UPDATE, name="group.gone") as draft:
        row = locked(group, draft)
        people = sorted(people_of(row.pk))
        removed = _ids(_REMOVE_PEOPLE, (row.pk, people)) if people else ()
        ended = end_sessions_of_losers(removed, roles_of_groups([row.pk]) if removed else ())
        draft.detail = _told(_USER_NAMES, (), removed) | {"sessions_ended": ended}
        first = Group.objects.filter(pk=row.pk, gone_at__isnull=True).update(gone_at=Now())
        draft.before({"gone": row.gone_at is not None})
        draft.after({"gone": True})
        if not first and not removed:
            draft.discard()
    return Replaced((), removed, ended)


def _check_his(user: User, his: tuple[Source, str, str]) -> None:
    """Raises UserUnknown. After the locks of groups: who changes a group's people takes these first."""
    sql.rows("SELECT FROM account_user WHERE id = %s FOR NO KEY UPDATE", (user.pk,))
    if sql.row(_IDENTITY, (user.pk, *his)) is None:
        raise UserUnknown(f"'{user.username}' is not the account of that person any more", user=user.username)


def _changes(group: Group, found: Found) -> dict[str, object]:
    """What the row should say and does not; the name only while it is the directory's and nobody else's here."""
    wanted: dict[str, object] = {"dn": found.dn, "directory_name": found.name, "gone_at": None}
    if group.directory_name != found.name and group.name == _name(group.directory_name):
        name = _name(found.name)
        if name and not Group.objects.filter(name__iexact=name).exclude(pk=group.pk).exists():
            wanted["name"] = name
    return {name: value for name, value in wanted.items() if getattr(group, name) != value}


def _name(text: str) -> str:
    """As a name here; "" for what cannot be one."""
    try:
        return str(GroupName.parse(text))
    except NameInvalid:
        return ""


def _ids(statement: str, params: Sequence[object]) -> tuple[int, ...]:
    return tuple(sorted(id_ for (id_,) in sql.rows(statement, params)))


def _told(names: str, added: Sequence[int], removed: Sequence[int]) -> dict[str, object]:
    """How many came and went, and the first of them by name."""
    detail: dict[str, object] = {}
    for word, ids in (("added", added), ("removed", removed)):
        if ids:
            found = [name for (name,) in sql.rows(names, (list(ids), MAX_NAMES))]
            detail |= {f"{word}_number": len(ids), word: found}
    return detail
