"""Who may ask why, and who may what: project admins, auditors and system administrators of everybody, each of himself."""

from __future__ import annotations

from access import allowances, explanation, holders
from access.check import require
from access.explanation import Explanation, Question
from access.holders import Holders
from access.principal import ActorKind, Origin, Principal
from access.table import P, Permissions
from accounts.keys.robots import name_of
from accounts.models import AccessToken, Robot, User
from accounts.principals import of_user
from accounts.standing import given
from projects.models import Project
from projects.queries import ref


def explain(
    actor: Principal,
    subject: User | Robot | None,
    needed: Permissions,
    project: Project,
    *,
    repository: str = "",
    key: AccessToken | None = None,
) -> Explanation:
    """Why the subject (None: anybody, not signed in) may do that here, or may not, by the rights of this moment.

    `key`: the one a user comes with, instead of a password. Raises Denied, ProjectUnknown.
    """
    if _is_himself(actor, subject):
        require(actor, P.PROJECT_READ, ref(project))
    else:
        _require(actor, project)
    return explanation.explain(Question(_as_actor(subject, key), needed, ref(project), repository))


def who_may(actor: Principal, needed: Permissions, project: Project) -> Holders:
    """Everybody who may do that here. Raises Denied, ProjectUnknown."""
    _require(actor, project)
    return holders.holders(needed, ref(project))


def _require(actor: Principal, project: Project) -> None:
    # Held by exactly those whom ui.md lets ask: who reads what was done here may know who can do it.
    require(actor, P.LOG_LIST, ref(project))


def _is_himself(actor: Principal, subject: User | Robot | None) -> bool:
    return actor.kind is ActorKind.USER and isinstance(subject, User) and subject.pk == actor.id


def _as_actor(subject: User | Robot | None, key: AccessToken | None) -> Principal:
    """The subject as it would come by a password, by its key or by its secret."""
    if subject is None:
        return Principal.anonymous(Origin())
    if isinstance(subject, Robot):
        return Principal(ActorKind.ROBOT, subject.pk, name_of(subject), allowances=given(subject.pk))
    bounds = None if key is None or key.allowances is None else allowances.from_json(key.allowances)
    return of_user(subject, allowances=bounds, key_id=key.pk if key else 0)
