"""Who may do something in a project: the other way round to access.explanation, of the same table and the same rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from access.allowances import Place, in_project
from access.held import HELD
from access.living import ALIVE, BOUNDS, within
from access.principal import ProjectRef
from access.table import TABLE, Permissions, Role, Subject, label
from database import sql

_PEOPLE = """
    SELECT person.username, member.role_id, member.created_at FROM member
    JOIN account_user person ON person.id = member.user_id
    WHERE member.project_id = %s AND member.role_id = ANY(%s::smallint[]) AND person.is_active ORDER BY person.username
"""
_GROUPS = """
    SELECT team.name, member.role_id, member.created_at, team.source, team.synced_at, (
      SELECT count(*) FROM user_group_member belongs JOIN account_user person ON person.id = belongs.user_id
      WHERE belongs.group_id = team.id AND person.is_active)
    FROM member JOIN user_group team ON team.id = member.group_id
    WHERE member.project_id = %s AND member.role_id = ANY(%s::smallint[]) ORDER BY lower(team.name)
"""
_EVERYWHERE = """
    SELECT username, is_admin FROM account_user WHERE is_active AND (is_admin AND %s::boolean OR is_auditor AND %s::boolean)
    ORDER BY username
"""
_NUMBER = f"""
    SELECT count(*) FROM (
      SELECT held.user_id FROM {HELD} held WHERE held.project_id = %s AND held.role_id = ANY(%s::smallint[])
      UNION SELECT id FROM account_user WHERE is_active AND (is_admin AND %s::boolean OR is_auditor AND %s::boolean)
    ) person
"""
_ROBOTS = f"""
    SELECT robot.name, coalesce(place.name, ''), robot.allowances, {BOUNDS}, robot.expires_at, robot.last_used_at
    FROM robot LEFT JOIN project place ON place.id = robot.project_id
    WHERE (robot.allowances @> %s::jsonb OR robot.allowances @> %s::jsonb) AND {ALIVE}
    ORDER BY place.name NULLS FIRST, robot.name
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A member whose role suffices. `people`: how many active ones a group has, 1 for a user."""

    name: str
    is_group: bool
    role: str
    since: datetime
    people: int = 1
    source: str = ""
    synced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RobotHolder:
    """A robot that may be used and was given it. `project`: its own, "" for one of the system.

    `repositories`: patterns of those it may do it in, () for all of the project.
    """

    name: str
    project: str
    repositories: tuple[str, ...]
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holders:
    """`public`: anybody, without an account. `number`: people with an account, each counted once however he comes to it."""

    public: bool
    administrators: tuple[str, ...]
    auditors: tuple[str, ...]
    users: tuple[Holder, ...]
    groups: tuple[Holder, ...]
    number: int
    robots: tuple[RobotHolder, ...] = ()


def holders(needed: Permissions, project: ProjectRef) -> Holders:
    """Everybody who holds all of `needed` in the project at this moment (five queries). A deleted project is the caller's."""
    open_ = TABLE[Subject.PUBLIC] if project.public else frozenset()
    # What anybody holds, members hold besides.
    roles = [int(role) for role in Role if needed - open_ <= TABLE[role]]
    admins, auditors = (
        _reached(needed, Subject.SYSTEM_ADMIN),
        _reached(needed - open_, Subject.AUDITOR_IN_PROJECT),
    )
    everywhere = sql.rows(_EVERYWHERE, (admins, auditors))
    return Holders(
        public=needed <= open_,
        administrators=tuple(name for name, is_admin in everywhere if is_admin),
        auditors=tuple(name for name, is_admin in everywhere if not is_admin),
        users=_users(project, roles),
        groups=_groups(project, roles),
        number=sql.value(_NUMBER, (project.id, roles, admins, auditors)),
        robots=tuple(_robots(project, needed - open_)),
    )


def _reached(needed: Permissions, subject: Subject) -> bool:
    return needed <= TABLE[subject]


def _users(project: ProjectRef, roles: Collection[int]) -> tuple[Holder, ...]:
    found = sql.rows(_PEOPLE, (project.id, list(roles)))
    return tuple(Holder(name, False, label(role_id), since) for name, role_id, since in found)


def _groups(project: ProjectRef, roles: Collection[int]) -> tuple[Holder, ...]:
    found = sql.rows(_GROUPS, (project.id, list(roles)))
    return tuple(
        Holder(name, True, label(role_id), since, people=people, source=source, synced_at=synced_at)
        for name, role_id, since, source, synced_at, people in found
    )


def _robots(project: ProjectRef, needed: Permissions) -> Iterator[RobotHolder]:
    places = ({"place": Place.PROJECT, "project": project.id}, {"place": Place.ALL_PROJECTS})
    found = sql.rows(_ROBOTS, [json.dumps([each]) for each in places])
    for name, home, own, elders, expires_at, last_used_at in found:
        near = [each for each in within(own, elders) if each.is_for(project.id)]
        if not needed <= frozenset().union(*(each.permissions for each in near)):
            continue
        is_whole = needed <= in_project(tuple(near), project.id)
        patterns = {" and ".join(map(str, each.repositories)) for each in near if each.permissions & needed}
        repositories = () if is_whole else tuple(sorted(patterns - {""}))
        yield RobotHolder(name, home, repositories, expires_at, last_used_at)
