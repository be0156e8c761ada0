"""What stands in our tables of the directory's people and groups, for `accounts.sync.plan`. A fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from accounts.models import Group, Source
from accounts.sync.shapes import Flag, Known, KnownGroup, KnownPerson
from database import sql

_PEOPLE = """
    SELECT u.id, u.username, u.email, u.full_name, u.source = 'ldap', u.is_active, u.disabled_by = 'directory',
      u.is_admin, u.admin_from_directory, u.is_auditor, u.auditor_from_directory,
      i.subject, i.name, i.dn, i.gone_at IS NOT NULL, u.auth_epoch
    FROM account_identity i JOIN account_user u ON u.id = i.user_id
    WHERE i.source = 'ldap' AND i.issuer = ''
"""
_ALL = f"{_PEOPLE} ORDER BY u.id"
_ONE = f"{_PEOPLE} AND i.subject = %s"
_GROUPS = """
    SELECT g.id, g.name, g.directory_name, g.subject, g.dn, g.gone_at IS NOT NULL,
      coalesce((SELECT array_agg(m.user_id) FROM user_group_member m WHERE m.group_id = g.id), '{}')
    FROM user_group g WHERE g.source = 'ldap' ORDER BY g.id
"""
_USERNAMES = "SELECT lower(username), id FROM account_user WHERE lower(username) = ANY(%s::text[])"
# An array, not IN: a group may have more members than a statement takes parameters.
_AT = "SELECT subject, user_id FROM account_identity WHERE source = 'ldap' AND issuer = '' AND dn = ANY(%s::text[])"


def known() -> Known:
    """Everybody and every group; without the names others may have (see `names`)."""
    groups = tuple(_group(row) for row in sql.rows(_GROUPS))
    taken = {name.lower(): id_ for name, id_ in Group.objects.values_list("name", "id")}
    return Known(tuple(map(_person, sql.rows(_ALL))), groups, group_names=taken)


def person(subject: str) -> KnownPerson | None:
    """The account of that person of the directory, if there is one."""
    found = sql.row(_ONE, (subject,))
    return None if found is None else _person(found)


def holders(usernames: Collection[str]) -> dict[str, int]:
    """Who has these names now, in small letters: name -> id of the user."""
    return dict(sql.rows(_USERNAMES, ([name.lower() for name in usernames],)))


def last_seen_at(dns: Collection[str]) -> dict[str, int]:
    """People with an account who were last seen at these places, where others may be by now: subject -> id of the user."""
    return dict(sql.rows(_AT, (list(dns),)))


def groups_named(subjects: Collection[str], dns: Collection[str]) -> list[int]:
    """The ids of the groups here that have one of these subjects; `dns` are of groups whose subject could not be read."""
    rows = Group.objects.filter(source=Source.LDAP)
    by_subject = rows.filter(subject__in=list(subjects))
    found = by_subject | rows.filter(dn__in=list(dns)) if dns else by_subject
    return list(found.values_list("id", flat=True))


def _group(row: sql.Row) -> KnownGroup:
    facts: tuple[Any, ...] = (*row[:6], frozenset(row[6]))
    return KnownGroup(*facts)


def _person(row: sql.Row) -> KnownPerson:
    facts: tuple[Any, ...] = (*row[:7], Flag(*row[7:9]), Flag(*row[9:11]), *row[11:])
    return KnownPerson(*facts)
