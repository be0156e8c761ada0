"""Who may ask why, and who may what: project admins, auditors and system administrators of everybody, each of himself."""

from __future__ import annotations

from access import explanation, holders
from access.check import require
from access.explanation import Explanation, Question
from access.holders import Holders
from access.principal import ActorKind, Origin, Principal
from access.table import P, Permissions
from accounts.models import User
from projects.models import Project
from projects.queries import ref


def explain(
    actor: Principal, subject: User | None, needed: Permissions, project: Project, *, repository: str = ""
) -> Explanation:
    """Why the subject (None: anybody, not signed in) may do that here, or may not, by the rights of this moment.

    Raises Denied, ProjectUnknown.
    """
    if _is_himself(actor, subject):
        require(actor, P.PROJECT_READ, ref(project))
    else:
        _require(actor, project)
    return explanation.explain(Question(_as_actor(subject), needed, ref(project), repository))


def who_may(actor: Principal, needed: Permissions, project: Project) -> Holders:
    """Everybody who may do that here. Raises Denied, ProjectUnknown."""
    _require(actor, project)
    return holders.holders(needed, ref(project))


def _require(actor: Principal, project: Project) -> None:
    # Held by exactly those whom ui.md lets ask: who reads what was done here may know who can do it.
    require(actor, P.LOG_LIST, ref(project))


def _is_himself(actor: Principal, subject: User | None) -> bool:
    return actor.kind is ActorKind.USER and subject is not None and subject.pk == actor.id


def _as_actor(subject: User | None) -> Principal:
    """The subject as it would come by a password."""
    if subject is None:
        return Principal.anonymous(Origin())
    return Principal(
        ActorKind.USER,
        subject.pk,
        subject.username,
        is_admin=subject.is_admin,
        is_auditor=subject.is_auditor,
    )
