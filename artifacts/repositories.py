"""Repositories: made by the first push, locked by every writer, deleted at once and purged in the background."""

from __future__ import annotations

from dataclasses import dataclass

from access.principal import Principal, ProjectRef
from access.table import P
from artifacts import immutability, read_only
from audit.actions import action
from core.errors import ProjectUnknown, RepositoryUnknown, TagImmutable
from core.oci.names import RepositoryName
from database import sql
from database.transactions import retried


@dataclass(frozen=True, slots=True)
class Target:
    """A repository name together with the project (by id, as the caller's token or the live lookup gave it) it lies in."""

    name: RepositoryName
    project: ProjectRef

    @property
    def key(self) -> dict[str, object]:
        """Parameters of the lookup conditions in `CURRENT`."""
        return {"repository": str(self.name), "project": self.project.id}


# The project id keeps a deleted-and-recreated project name from honouring what was granted on the old one.
CURRENT = "r.name = %(repository)s AND r.project_id = %(project)s AND r.deleted_at IS NULL"


def unknown(target: Target) -> RepositoryUnknown:
    """The error for a repository that does not exist or has never had a manifest."""
    return RepositoryUnknown(f"repository {target.name} is unknown", name=str(target.name))


def find(target: Target) -> int | None:
    """Id of the current repository, visible or not."""
    found: int | None = sql.value(f"SELECT r.id FROM repository r WHERE {CURRENT}", target.key)
    return found


def ensure(target: Target) -> int:
    """Id of the repository, made if need be: the first upload, mount or manifest creates it, never the project.

    Raises ProjectUnknown when the project is gone. A new repository is invisible until its first manifest.
    """
    for _ in range(2):
        if (found := find(target)) is not None:
            return found
        made = sql.value(
            """
            INSERT INTO repository (project_id, name)
            SELECT p.id, %(repository)s FROM project p WHERE p.id = %(project)s AND p.deleted_at IS NULL FOR KEY SHARE
            ON CONFLICT (name) WHERE deleted_at IS NULL DO NOTHING RETURNING id
            """,
            target.key,
        )
        if made is not None:
            return int(made)
    raise ProjectUnknown(f"project {target.name.project} is unknown", name=target.name.project)


def lock(repository_id: int, target: Target) -> None:
    """First lock of a writer's transaction: repository and project stay until COMMIT. Raises RepositoryUnknown."""
    statement = """
        SELECT true FROM repository r JOIN project p ON p.id = r.project_id
        WHERE r.id = %s AND r.deleted_at IS NULL AND p.deleted_at IS NULL FOR KEY SHARE
        """
    if sql.row(statement, [repository_id]) is None:
        raise unknown(target)


def make_visible(repository_id: int) -> None:
    """Its first manifest is being written, by a transaction that holds it locked."""
    sql.execute(
        "UPDATE repository SET visible_at = now() WHERE id = %s AND visible_at IS NULL", [repository_id]
    )


@retried
def describe(actor: Principal, target: Target, description: str | None) -> None:
    """Change the repository's description; None leaves it. Raises RepositoryUnknown, Denied."""
    with action(
        actor, P.REPOSITORY_UPDATE, target.project, name="repository.update", repository=str(target.name)
    ) as draft:
        read_only.refuse()
        found = sql.row(
            f"""
            SELECT r.id, r.description FROM repository r WHERE {CURRENT} AND r.visible_at IS NOT NULL FOR NO KEY UPDATE
            """,
            target.key,
        )
        if found is None:
            raise unknown(target)
        if description in (None, found[1]):
            draft.discard()
            return
        sql.execute("UPDATE repository SET description = %s WHERE id = %s", [description, found[0]])
        draft.resource("repository", found[0], str(target.name))
        draft.before({"description": found[1]})
        draft.after({"description": description})


@retried
def delete(actor: Principal, target: Target) -> None:
    """Delete a repository with all it holds; its name is free at once, its contents are purged in the background.

    Raises RepositoryUnknown, TagImmutable (nothing goes while it holds an immutable tag), Denied.
    """
    with action(
        actor, P.REPOSITORY_DELETE, target.project, name="repository.delete", repository=str(target.name)
    ) as draft:
        read_only.refuse()
        found = sql.row(
            f"""
            SELECT r.id, r.description, (SELECT count(*) FROM artifact a WHERE a.repository_id = r.id),
                   (SELECT count(*) FROM tag t WHERE t.repository_id = r.id)
            FROM repository r JOIN project p ON p.id = r.project_id
            WHERE {CURRENT} AND r.visible_at IS NOT NULL FOR KEY SHARE OF p FOR UPDATE OF r
            """,
            target.key,
        )
        if found is None:
            raise unknown(target)
        _refuse_immutable(found[0], target)
        sql.execute("UPDATE repository SET deleted_at = now() WHERE id = %s", found[:1])
        draft.resource("repository", found[0], str(target.name))
        draft.before({"description": found[1], "artifacts": found[2], "tags": found[3]})


def _refuse_immutable(repository_id: int, target: Target) -> None:
    names = immutability.some_fixed(repository_id)
    if names:
        raise TagImmutable(
            f"{target.name} holds immutable tags ({', '.join(names)}): free them first, or change the rule that protects them",
            tags=names,
        )
