"""What a robot may be given: never what no robot may have, never more than its maker holds at that very moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from access.allowances import Allowance, Allowances, Place, excess, merged
from access.check import holdings, permissions_of, require, unknown
from access.living import BOUNDS, within
from access.principal import ActorKind, Principal, ProjectRef
from access.robots import IN_PROJECT, IN_SYSTEM
from access.table import Permission
from accounts.keys.permission_documents import check_patterns
from accounts.standing import standing
from core.errors import Denied, InvalidInput
from database import sql

MAX_ALLOWANCES: Final = 1000
SHOWN: Final = 10

# Whoever takes a right away locks the row of whom he takes it from before he ends: what is read behind these locks stays so
# until this transaction ends.
_USER_STAYS = "SELECT FROM account_user WHERE id = %s FOR SHARE"
_KEY_STAYS = "SELECT FROM access_token WHERE id = %s FOR SHARE"
_ROBOTS_STAY = """
    SELECT id FROM robot WHERE id = %s OR id = ANY(%s::bigint[]) ORDER BY id FOR SHARE
"""
_ANCESTORS = "SELECT ancestors FROM robot WHERE id = %s"
_PROJECTS_STAY = """
    SELECT id, name, public FROM project WHERE id = ANY(%s::bigint[]) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE
"""
_ELDERS = f"SELECT robot.allowances, {BOUNDS} FROM robot WHERE robot.id = %s"


def checked(allowances: Iterable[Allowance], home: ProjectRef | None) -> Allowances:
    """The allowances a robot of `home` (None: of the system) may have at all, each place once. Raises InvalidInput."""
    wanted = merged(allowances)
    if not wanted:
        raise InvalidInput("a robot needs at least one permission")
    if len(wanted) > MAX_ALLOWANCES:
        raise InvalidInput(
            f"a robot has permissions in at most {MAX_ALLOWANCES} places: these are {len(wanted)}"
        )
    check_patterns(wanted)
    for each in wanted:
        _check(each, home)
    return wanted


def locked_maker(actor: Principal) -> Principal:
    """The actor with the rights of this moment, which he keeps until the transaction ends. Raises Denied."""
    if actor.kind not in (ActorKind.USER, ActorKind.ROBOT):
        return actor
    if actor.kind is ActorKind.USER:
        sql.rows(_USER_STAYS, (actor.id,))
        sql.rows(_KEY_STAYS, (actor.key_id,))
    else:
        sql.rows(_ROBOTS_STAY, (actor.id, ancestors_of(actor)))
    now = standing(actor.kind, actor.id, actor.key_id)
    if now is None or now.epoch != (actor.epoch or now.epoch):
        raise Denied("your rights have changed since you signed in: sign in again")
    is_bound = actor.kind is ActorKind.ROBOT or bool(actor.key_id)
    bounds = now.allowances if is_bound else actor.allowances
    return replace(actor, is_admin=now.is_admin, is_auditor=now.is_auditor, allowances=bounds)


def ancestors_of(actor: Principal) -> list[int]:
    """The robots a robot was made by, which never change; none for anybody else."""
    return list(sql.value(_ANCESTORS, (actor.id,)) or ()) if actor.kind is ActorKind.ROBOT else []


def check_maker(
    maker: Principal, permission: Permission, wanted: Allowances, home: ProjectRef | None
) -> None:
    """The locked maker may do this still, and holds all that is wanted. Raises Denied, ProjectUnknown, ConfirmationNeeded.

    The projects stay until the transaction ends.
    """
    projects = _projects(wanted, home)
    require(maker, permission, _living(home, projects))
    for id_ in sorted({each.project_id for each in wanted if each.project_id is not None}):
        if id_ not in projects or not permissions_of(maker, projects[id_]):
            raise unknown(str(id_))  # its name may be a secret
    _check_excess(maker, permission, wanted, projects)


def check_shown(maker: Principal, permission: Permission, robot_id: int, home: ProjectRef | None) -> None:
    """The locked maker holds all the robot may do: whoever is shown a secret may do what it proves. Raises Denied."""
    own, elders = sql.one(_ELDERS, (robot_id,))
    given = within(own, elders)
    projects = _projects(given, home)
    there = tuple(each for each in given if each.project_id is None or each.project_id in projects)
    _check_excess(maker, permission, there, projects)


def check_elders(robot_id: int, wanted: Allowances) -> None:
    """A robot made by robots gets no more than those have. Raises Denied."""
    found = sql.row(_ELDERS, (robot_id,))
    elders = found[1] if found is not None else []
    if not elders:
        return
    too_much = excess(wanted, within(elders[0], elders[1:]))
    if too_much:
        raise Denied(f"a robot may do no more than those it was made by, who have not: {_told(too_much, {})}")


def _projects(allowances: Allowances, home: ProjectRef | None) -> dict[int, ProjectRef]:
    """The living ones that are meant, by id; they stay until the transaction ends."""
    ids = {each.project_id for each in allowances if each.project_id is not None} | (
        {home.id} if home else set()
    )
    rows = sql.rows(_PROJECTS_STAY, (sorted(ids),)) if ids else []
    return {id_: ProjectRef(id_, name, public) for id_, name, public in rows}


def _check_excess(
    maker: Principal, permission: Permission, wanted: Allowances, projects: Mapping[int, ProjectRef]
) -> None:
    too_much = excess(wanted, holdings(maker, projects.values()))
    if too_much:
        raise Denied(
            "a robot may do no more than whoever makes it, widens it or is shown its secret: "
            f"you do not hold {_told(too_much, projects)}",
            permission=str(permission),
        )


def _check(allowance: Allowance, home: ProjectRef | None) -> None:
    """Raises InvalidInput."""
    is_system = allowance.place is Place.SYSTEM
    if (allowance.place is Place.PROJECT) is (allowance.project_id is None):
        raise InvalidInput("permissions in a project name one, permissions elsewhere name none")
    if home is not None and (allowance.place is not Place.PROJECT or allowance.project_id != home.id):
        raise InvalidInput(
            f"a robot of project '{home.name}' has permissions in that project alone: "
            "for other places make a robot of the system"
        )
    if len(allowance.repositories) > 1 or (is_system and allowance.repositories):
        raise InvalidInput(
            "permissions are for one pattern of repositories, or for all; system permissions for none"
        )
    never = allowance.permissions - (IN_SYSTEM if is_system else IN_PROJECT)
    if never:
        where = "in the system" if is_system else "in a project"
        raise InvalidInput(f"no robot may have {where}: {_bounded(sorted(never))}")


def _living(home: ProjectRef | None, projects: Mapping[int, ProjectRef]) -> ProjectRef | None:
    """As it is now. Raises ProjectUnknown."""
    if home is None:
        return None
    if home.id not in projects:
        raise unknown(home.name)
    return projects[home.id]


def _told(allowances: Allowances, projects: Mapping[int, ProjectRef]) -> str:
    return _bounded([text for each in allowances for text in _each(each, projects)])


def _each(allowance: Allowance, projects: Mapping[int, ProjectRef]) -> Iterator[str]:
    known = projects.get(allowance.project_id or 0)
    place = {
        Place.SYSTEM: "in the system",
        Place.ALL_PROJECTS: "in all projects",
        Place.PROJECT: f"in project '{known.name}'" if known else "in its project",
    }[allowance.place]
    globs = f" on '{' and '.join(map(str, allowance.repositories))}'" if allowance.repositories else ""
    return (f"{permission} {place}{globs}" for permission in sorted(allowance.permissions))


def _bounded(texts: list[str]) -> str:
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return f"{', '.join(texts[:SHOWN])}{more}"
