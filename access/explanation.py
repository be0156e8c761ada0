"""Why somebody may do something, or may not: every line that has a say, and the one that decides.

The answer is that of `access.check.require`; the lines are made of the same table and the same statement (access.held), so
that they cannot tell anything else. Design: ui.md, Access.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from access.check import needs, require
from access.held import HELD
from access.principal import ActorKind, Principal, ProjectRef
from access.table import REGISTRY_ACTIONS, TABLE, Permission, Permissions, Subject, label, permissions
from core.errors import Denied, InvalidInput, ProjectUnknown
from database import sql

_ACCOUNT = "SELECT is_active, disabled_by FROM account_user WHERE id = %s"
_WAYS = f"""
    SELECT held.role_id, member.created_at, team.name, team.source, team.synced_at FROM {HELD} held
    JOIN member ON member.id = held.member_id LEFT JOIN user_group team ON team.id = held.group_id
    WHERE held.project_id = %s AND held.user_id = %s ORDER BY team.name IS NOT NULL, lower(team.name)
"""


class StepKind(StrEnum):
    """What a line of an explanation is about, in the order of the lines."""

    ACCOUNT = "account"
    SYSTEM_ADMIN = "administrator"
    AUDITOR = "auditor"
    PUBLIC = "public"
    ROLE = "role"
    GROUP = "group"
    TOKEN = "token"  # noqa: S105 - a kind of line
    GATE = "gate"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Step:
    """One line. `allows`: it gives all that is needed (True), not all or it forbids (False), it has no say (None).

    `since`: when the role was given. `synced_at`: when a directory's group was last read; `source` is where a group is from.
    """

    kind: StepKind
    text: str
    allows: bool | None = None
    decides: bool = False
    since: datetime | None = None
    synced_at: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """`needed`: the permissions asked about. At least one step decides: exactly one unless several give a part each."""

    allowed: bool
    needed: tuple[Permission, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """May this principal do all of `needed` in `project`? `repository` is a full name, "" for the project as such."""

    principal: Principal
    needed: Permissions
    project: ProjectRef
    repository: str = ""


Gate = Callable[[Question], Step | None]
"""What forbids to everybody, whatever rights he has: a step with allows=False that says why, or None when it lets pass."""


def project_lives(question: Question) -> Step | None:
    """A deleted project is closed to all."""
    if sql.value("SELECT deleted_at IS NULL FROM project WHERE id = %s", (question.project.id,)):
        return None
    return Step(StepKind.GATE, f"project '{question.project.name}' is deleted", allows=False)


GATES: tuple[Gate, ...] = (project_lives,)
"""The gates there are at this layer; who knows of more passes them along with these."""


def needed(text: str) -> Permissions:
    """What "pull", "push", "delete" or the name of a permission ("tag:delete") needs. Raises InvalidInput."""
    if text in REGISTRY_ACTIONS:
        return REGISTRY_ACTIONS[text]
    try:
        return frozenset({Permission(text)})
    except ValueError:
        raise InvalidInput(
            f"'{text}' is nothing one may do: write pull, push, delete, or a permission such as tag:delete "
            "(docs/permissions.md lists them)"
        ) from None


@dataclass(frozen=True, slots=True)
class _Source:
    """A line that rights may come from, and those that do."""

    step: Step
    gives: Permissions


def explain(question: Question, gates: Sequence[Gate] = GATES) -> Explanation:
    """The whole chain and its end (at most four queries, and what the gates ask)."""
    account = _account(question.principal)
    of = _of_token if question.principal.grants is not None else _of_roles
    sources = [
        _Source(replace(each.step, allows=question.needed <= each.gives), each.gives) for each in of(question)
    ]
    closed = [step for gate in gates if (step := gate(question)) is not None]
    allowed = account.allows is not False and not closed and _holds(question)
    steps = _decided(question, allowed, account, sources, closed=closed)
    return Explanation(allowed, tuple(sorted(question.needed)), steps)


def _holds(question: Question) -> bool:
    try:
        for permission in question.needed:
            require(question.principal, permission, question.project, repository=question.repository)
    except (Denied, ProjectUnknown):
        return False
    return True


def _decided(
    question: Question, allowed: bool, account: Step, sources: list[_Source], *, closed: list[Step]
) -> tuple[Step, ...]:
    """All steps in order, with who decided marked."""
    plain = [source.step for source in sources]
    if account.allows is False:
        return (replace(account, decides=True), *plain, *closed)
    if closed:
        return (account, *plain, replace(closed[0], decides=True), *closed[1:])
    if not allowed:
        return (account, *plain, _nothing(question))
    return (account, *_deciding(question.needed, sources))


def _deciding(wanted: Permissions, sources: list[_Source]) -> list[Step]:
    """Marks the first that gives everything; where no one does, those of which each gives a part."""
    whole = next((source for source in sources if source.step.allows), None)
    return [
        replace(source.step, decides=source is whole if whole else bool(wanted & source.gives))
        for source in sources
    ]


def _nothing(question: Question) -> Step:
    if question.principal.grants is not None:
        text = "a token allows what it was issued for and nothing else"
    else:
        texts = sorted({f"{permission} {needs(permission)}" for permission in question.needed})
        text = f"nothing above gives it: {', '.join(texts)}"
    return Step(StepKind.NOTHING, text, allows=False, decides=True)


def _account(principal: Principal) -> Step:
    if principal.kind is ActorKind.ANONYMOUS:
        return Step(StepKind.ACCOUNT, "nobody has signed in")
    if principal.kind is not ActorKind.USER:
        return Step(StepKind.ACCOUNT, f"{principal.name}, a {principal.kind} without an account")
    found = sql.row(_ACCOUNT, (principal.id,))
    if found is None:
        return Step(StepKind.ACCOUNT, "the account is deleted", allows=False)
    is_active, disabled_by = found
    if is_active:
        return Step(StepKind.ACCOUNT, "the account is active")
    by = {"admin": " by an administrator", "directory": " because the directory has this person no more"}
    return Step(StepKind.ACCOUNT, f"the account is disabled{by.get(disabled_by, '')}", allows=False)


def _of_token(question: Question) -> Iterator[_Source]:
    """Only the token's scopes count: roles were looked at when it was issued, and it ends when one is lost."""
    granted = (question.principal.grants or {}).get(question.repository, frozenset())
    gives = [REGISTRY_ACTIONS[action] for action in granted if action in REGISTRY_ACTIONS]
    text = f"the token allows {', '.join(sorted(granted)) or 'nothing'} on '{question.repository}'"
    yield _Source(Step(StepKind.TOKEN, text), frozenset().union(*gives))


def _of_roles(question: Question) -> Iterator[_Source]:
    yield from _of_subjects(question)
    if question.principal.kind is not ActorKind.USER:
        return
    ways = sql.rows(_WAYS, (question.project.id, question.principal.id))
    own = [way for way in ways if way[2] is None]
    groups = ways[len(own) :]
    if not own:
        yield _Source(Step(StepKind.ROLE, "no direct role in the project"), frozenset())
    yield from map(_way, own)
    if not groups:
        yield _Source(Step(StepKind.GROUP, "in no group that is a member of the project"), frozenset())
    yield from map(_way, groups)


def _of_subjects(question: Question) -> Iterator[_Source]:
    principal, public = question.principal, question.project.public
    for kind, holds, subject, yes, no in (
        (StepKind.SYSTEM_ADMIN, principal.is_admin, Subject.SYSTEM_ADMIN, "a system administrator", ""),
        (StepKind.AUDITOR, principal.is_auditor, Subject.AUDITOR_IN_PROJECT, "an auditor", ""),
        (StepKind.PUBLIC, public, Subject.PUBLIC, "the project is public", "the project is private"),
    ):
        text = yes if holds else no or f"not {yes}"
        yield _Source(Step(kind, text), TABLE[subject] if holds else frozenset())


def _way(way: sql.Row) -> _Source:
    role_id, since, group, source, synced_at = way
    role = f"{label(role_id)} of the project"
    if group is None:
        return _Source(Step(StepKind.ROLE, role, since=since), permissions(role_id))
    text = f"in group '{group}', which is {role}"
    step = Step(StepKind.GROUP, text, since=since, synced_at=synced_at, source=source)
    return _Source(step, permissions(role_id))
