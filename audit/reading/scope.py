"""What the caller may see of the audit log."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from django.db.models.expressions import RawSQL

from access.allowances import Place
from access.check import member_projects, require, system_permissions_of
from access.principal import ActorKind, Principal, ProjectRef
from access.reach import Reach, reach
from access.table import P
from core.errors import Denied
from database import sql


@dataclass(frozen=True, slots=True)
class Own:
    """The acts of one actor: all, or those in some project, or those in these projects (what his key is for).

    `sees`: the projects he knows of; None for none. What was refused to him in another one is not told: he would learn which
    projects there are, as a name that is none leaves no event.
    """

    kind: str
    id: int
    in_a_project: bool = False
    project_ids: tuple[int, ...] | None = None
    sees: Reach | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything; or what happened in `project_ids`, and besides what the actor of `own` did himself."""

    everything: bool = False
    project_ids: tuple[int, ...] = ()
    own: Own | None = None


def scope_of(actor: Principal, project: ProjectRef | None = None, *, own: bool = False) -> Scope:
    """In `project`: what happened there (log:list). `own`: what the actor did himself, in `project` if there is one.

    Neither: everything for those who may (audit-log:list), for others the projects in which they have log:list, and their own
    acts. Not so robots: many hosts share one secret, and none of them is to read where the others are; they read what they were
    given. Raises Denied for nobody, for a registry token and for a robot's own acts, and for who may see the project but not
    its log; ProjectUnknown.
    """
    if actor.kind is ActorKind.ANONYMOUS or actor.grants is not None:
        raise Denied("sign in to read the audit log", permission=str(P.AUDIT_LOG_LIST))
    is_robot = actor.kind is ActorKind.ROBOT
    if own:
        if is_robot:
            raise Denied(
                "a robot reads no log of its own acts: give it log:list in a project",
                permission=str(P.LOG_LIST),
            )
        mine = own_of(actor)
        return Scope(own=mine if project is None else _within(mine, project.id))
    if project is not None:
        require(actor, P.LOG_LIST, project)
        return Scope(project_ids=(project.id,))
    if P.AUDIT_LOG_LIST in system_permissions_of(actor):
        return Scope(everything=True)
    return Scope(
        project_ids=_ids(member_projects(actor, P.LOG_LIST)), own=None if is_robot else own_of(actor)
    )


def own_of(actor: Principal) -> Own:
    """A key for some of his rights tells nothing of his other work, one for some repositories nothing of the project."""
    mine = Own(str(actor.kind), actor.id, sees=reach(actor, P.PROJECT_READ))
    if actor.kind is not ActorKind.USER or actor.allowances is None:
        return mine
    whole = [each for each in actor.allowances if not each.repositories]
    if any(each.place is Place.ALL_PROJECTS for each in whole):
        return replace(mine, in_a_project=True)
    return replace(mine, project_ids=tuple(sorted({each.project_id or 0 for each in whole})))


def _within(mine: Own, project_id: int) -> Own:
    given = mine.project_ids is None or project_id in mine.project_ids
    return replace(mine, in_a_project=False, project_ids=(project_id,) if given else ())


def _ids(projects: RawSQL) -> tuple[int, ...]:
    """Of living projects: what is left of a deleted one is for those who read everything."""
    statement = f"SELECT id FROM project WHERE deleted_at IS NULL AND id IN ({projects.sql})"
    found = sql.rows(statement, projects.params)
    return tuple(sorted(row[0] for row in found))
