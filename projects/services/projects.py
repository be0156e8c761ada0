"""The only writer of projects and of quota limits."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError
from django.db.models import F
from django.db.models.functions import Now
from psycopg.errors import UniqueViolation

from access.check import require, unknown
from access.models import Member
from access.principal import ActorKind, Principal
from access.table import P, Permission, Role
from accounts.models import User
from audit.actions import action
from audit.pull_log import PullLog
from config import current
from config.catalogue.contents import STORAGE_PER_PROJECT
from core.errors import AlreadyExists, InvalidInput, ProjectNotEmpty
from core.oci.names import ProjectName
from database import sql
from database.transactions import retried
from projects.models import MAX_DESCRIPTION, UNLIMITED, Project, Quota
from projects.queries import ref

MAX_BYTES = 2**63 - 1

# Repositories belong to a higher layer; this asks its table rather than its code. A repository without a
# manifest (`visible_at` is null) holds nothing and does not count.
_HAS_REPOSITORIES = """
    SELECT EXISTS (SELECT FROM repository
                   WHERE project_id = %s AND visible_at IS NOT NULL AND deleted_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change of a project; None leaves it as it is."""

    public: bool | None = None
    sparse_indexes: bool | None = None
    pull_log: PullLog | None = None
    description: str | None = None

    def given(self) -> dict[str, bool | str]:
        pairs = {
            "public": self.public,
            "sparse_indexes": self.sparse_indexes,
            "pull_log": self.pull_log,
            "description": self.description,
        }
        return {name: value for name, value in pairs.items() if value is not None}


@retried
def create_project(
    actor: Principal, name: str, *, public: bool = False, quota: int | None = None, owner: User | None = None
) -> Project:
    """Create a project of `quota` bytes (-1: unlimited, None: what the setting says); its owner, else the actor, is its admin.

    A quota of its own or another owner is for system administrators. Raises NameInvalid, InvalidInput, AlreadyExists,
    Denied.
    """
    parsed = ProjectName.parse(name)
    if quota is not None:
        _check_limit(quota)
    default = current.get(STORAGE_PER_PROJECT)
    limit = default if quota is None else quota
    owner_id = owner.pk if owner else (actor.id if actor.kind is ActorKind.USER else None)
    with action(actor, P.PROJECT_CREATE, name="project.create") as draft:
        # To ask for what everybody gets takes no right: clients of other registries always name a limit.
        _check_privileged(actor, quota=None if quota == default else quota, owner_id=owner_id)
        project = _insert(str(parsed), public, owner_id)
        Quota.objects.create(project=project, hard_limit=limit)
        if owner_id is not None:
            Member.objects.create(
                project=project, user_id=owner_id, role_id=Role.PROJECT_ADMIN, created_by_name=actor.name
            )
        draft.about(ref(project))
        draft.resource("project", project.pk, project.name)
        draft.after({"public": public, "quota": limit, "owner_id": owner_id})
    return project


@retried
def change_project(
    actor: Principal, project: Project, changes: Changes, *, by: Permission = P.PROJECT_UPDATE
) -> Project:
    """Change visibility, strictness, the log of pulls or the description. Making it private ends every token issued for it.

    `by`: the permission that is needed, which may be one on the project's metadata. Raises InvalidInput, ProjectUnknown,
    Denied.
    """
    if len(changes.description or "") > MAX_DESCRIPTION:
        raise InvalidInput(f"a project's description has at most {MAX_DESCRIPTION} characters")
    with action(actor, by, ref(project), name="project.update") as draft:
        row = _locked(project)
        new = {field: value for field, value in changes.given().items() if getattr(row, field) != value}
        draft.resource("project", row.pk, row.name)
        draft.before({field: getattr(row, field) for field in new})
        draft.after(new)
        if not new:
            draft.discard()
            return row
        for field, value in new.items():
            setattr(row, field, value)
        if new.get("public") is False:
            row.auth_epoch += 1  # the row is locked
        row.updated_at = Now()
        row.save(update_fields=[*new, "auth_epoch", "updated_at"])
        row.refresh_from_db()
    return row


@retried
def set_quota(actor: Principal, project: Project, hard_limit: int) -> Quota:
    """Set the limit in bytes (-1: unlimited); below what is used it stops new content. For administrators.

    Raises InvalidInput, ProjectUnknown, Denied.
    """
    _check_limit(hard_limit)
    with action(actor, P.QUOTA_UPDATE, name="quota.update") as draft:
        row = _locked(project)
        quota = Quota.objects.select_for_update().get(project=row)
        draft.about(ref(row))
        draft.resource("quota", row.pk, row.name)
        draft.before({"hard_limit": quota.hard_limit})
        draft.after({"hard_limit": hard_limit})
        if quota.hard_limit == hard_limit:
            draft.discard()
            return quota
        quota.hard_limit = hard_limit
        quota.updated_at = Now()
        quota.save(update_fields=["hard_limit", "updated_at"])
        quota.refresh_from_db(fields=["updated_at"])
    return quota


@retried
def delete_project(actor: Principal, project: Project) -> None:
    """Delete an empty project: its name is free at once, its tokens end.

    Raises ProjectNotEmpty, ProjectUnknown, Denied.
    """
    reference = ref(project)
    with action(actor, P.PROJECT_DELETE, reference, name="project.delete") as draft:
        # FOR UPDATE, which a key column would take: no push may create a repository until this has ended.
        row = Project.objects.select_for_update().filter(pk=project.pk, deleted_at__isnull=True).first()
        if row is None:
            raise unknown(project.name)
        if sql.value(_HAS_REPOSITORIES, (row.pk,)):
            raise ProjectNotEmpty(
                f"project '{row.name}' still has repositories: delete them first", project=row.name
            )
        draft.resource("project", row.pk, row.name)
        draft.before({"public": row.public, "owner_id": row.owner_id})
        Project.objects.filter(pk=row.pk).update(
            deleted_at=Now(), updated_at=Now(), auth_epoch=F("auth_epoch") + 1
        )


def _insert(name: str, public: bool, owner_id: int | None) -> Project:
    try:
        return Project.objects.create(name=name, public=public, owner_id=owner_id)
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise AlreadyExists(f"a project named '{name}' exists already", project=name) from error
        raise


def _locked(project: Project) -> Project:
    row = (
        Project.objects.select_for_update(no_key=True).filter(pk=project.pk, deleted_at__isnull=True).first()
    )
    if row is None:
        raise unknown(project.name)
    return row


def _check_privileged(actor: Principal, *, quota: int | None, owner_id: int | None) -> None:
    if quota is not None:
        require(actor, P.QUOTA_UPDATE, None)
    if owner_id is not None and (actor.kind is not ActorKind.USER or owner_id != actor.id):
        require(actor, P.MEMBER_CREATE, None)


def _check_limit(limit: int) -> None:
    if not UNLIMITED <= limit <= MAX_BYTES:
        raise InvalidInput("a quota is a number of bytes, or -1 for none")
