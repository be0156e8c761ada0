"""Where something lies: a name from a path becomes a repository, and who may not know of it learns nothing."""

from __future__ import annotations

from dataclasses import dataclass

from access.check import permissions_of, require, unknown
from access.principal import Principal, ProjectRef
from access.table import Permission
from artifacts.repositories import Target
from core.errors import RepositoryUnknown
from core.oci.names import RepositoryName
from core.oci.reference import Reference, Tag
from database import sql
from projects.queries import find_ref


@dataclass(frozen=True, slots=True)
class Located:
    """A repository that is there, for who may look at it."""

    target: Target
    repository_id: int


_PLACE = """
    SELECT p.id, p.name, p.public, r.id FROM project p
    LEFT JOIN repository r ON r.project_id = p.id AND r.name = %(repository)s
      AND r.deleted_at IS NULL AND r.visible_at IS NOT NULL
    WHERE p.name = %(project)s AND p.deleted_at IS NULL
"""


def target(name: str) -> Target:
    """The repository of that full name, there or not, as services take it: they decide who may do what with it.

    One query. Raises NameInvalid, ProjectUnknown.
    """
    parsed = RepositoryName.parse(name)
    project = find_ref(parsed.project)
    if project is None:
        raise unknown(parsed.project)
    return Target(parsed, project)


def located(actor: Principal, name: str, *permissions: Permission) -> Located:
    """The repository of that full name, for who holds any one of `permissions` in it (two queries).

    Raises NameInvalid; ProjectUnknown alike for a project that does not exist and a hidden one; Denied; RepositoryUnknown.
    """
    parsed = RepositoryName.parse(name)
    found = sql.row(_PLACE, {"project": parsed.project, "repository": str(parsed)})
    if found is None:
        raise unknown(parsed.project)
    project = ProjectRef(*found[:3])
    if not permissions_of(actor, project, repository=str(parsed)) & frozenset(permissions):
        require(actor, permissions[0], project, repository=str(parsed))
    if found[3] is None:
        raise RepositoryUnknown(f"no repository '{parsed}'", repository=str(parsed))
    return Located(Target(parsed, project), found[3])


def digest_of(repository_id: int, reference: Reference) -> bytes | None:
    """The raw digest a tag points at now, that of a digest itself; for services, once they know that the actor may."""
    if not isinstance(reference, Tag):
        return reference.raw
    named = """
        SELECT a.digest FROM tag t JOIN artifact a ON a.id = t.artifact_id WHERE t.repository_id = %s AND t.name = %s
        """
    found = sql.value(named, [repository_id, reference.value])
    return None if found is None else bytes(found)
