"""Why somebody may do something, or may not: every line that has a say, and the one that decides.

The answer is that of `access.check.require`; the lines are made of the same table and the same statement (access.held), so
that they cannot tell anything else. Design: ui.md, Access.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from access import steps
from access.allowances import Place, in_project
from access.check import needs, require
from access.held import HELD
from access.principal import ActorKind, Principal, ProjectRef
from access.steps import Step, StepKind
from access.table import REGISTRY_ACTIONS, TABLE, Permission, Permissions, Subject, label, permissions
from core.errors import Denied, InvalidInput, ProjectUnknown
from database import sql

_WAYS = f"""
    SELECT held.role_id, member.created_at, team.name, team.source, team.synced_at FROM {HELD} held
    JOIN member ON member.id = held.member_id LEFT JOIN user_group team ON team.id = held.group_id
    WHERE held.project_id = %s AND held.user_id = %s ORDER BY team.name IS NOT NULL, lower(team.name)
"""


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
    """A line that rights may come from, those that do, and those of them that count within the key."""

    step: Step
    gives: Permissions
    counts: Permissions = frozenset()


def explain(question: Question, gates: Sequence[Gate] = GATES) -> Explanation:
    """The whole chain and its end (at most four queries, and what the gates ask)."""
    account = steps.account(question.principal)
    sources = [_weighed(question, each) for each in _sources(question)]
    closed = [step for gate in gates if (step := gate(question)) is not None]
    allowed = account.allows is not False and not closed and _holds(question)
    lines = _decided(question, allowed, account, sources, closed=closed)
    return Explanation(allowed, tuple(sorted(question.needed)), lines)


def _sources(question: Question) -> Iterator[_Source]:
    principal = question.principal
    if principal.grants is not None:
        return _of_token(question)
    return _of_robot(question) if principal.kind is ActorKind.ROBOT else _of_roles(question)


def _weighed(question: Question, source: _Source) -> _Source:
    step = replace(source.step, allows=question.needed <= source.gives)
    # What anybody may do in a public project is done with any key; a robot's rights are no other than its key's.
    if not _is_bounded(question) or step.kind is StepKind.PUBLIC:
        return _Source(step, source.gives, source.gives)
    bounds = in_project(question.principal.allowances or (), question.project.id, question.repository or None)
    return _Source(step, source.gives, source.gives & bounds)


def _is_bounded(question: Question) -> bool:
    """Whether a person came with a key that is for less than he may do."""
    principal = question.principal
    return principal.kind is ActorKind.USER and principal.grants is None and principal.allowances is not None


def _holds(question: Question) -> bool:
    try:
        for permission in question.needed:
            require(question.principal, permission, question.project, repository=question.repository or None)
    except (Denied, ProjectUnknown):
        return False
    return True


def _decided(
    question: Question, allowed: bool, account: Step, sources: list[_Source], *, closed: list[Step]
) -> tuple[Step, ...]:
    """All steps in order, with who decided marked."""
    keys = [each.step for each in _of_key(question, "the key")] if _is_bounded(question) else []
    plain = [*(source.step for source in sources), *keys]
    if account.allows is False:
        return (replace(account, decides=True), *plain, *closed)
    if closed:
        return (account, *plain, replace(closed[0], decides=True), *closed[1:])
    if not allowed:
        return (account, *plain, _nothing(question, sources))
    return (account, *_deciding(question.needed, sources), *keys)


def _deciding(wanted: Permissions, sources: list[_Source]) -> list[Step]:
    """Marks the first that gives everything; where no one does, those of which each gives a part."""
    whole = next((source for source in sources if wanted <= source.counts), None)
    return [
        replace(source.step, decides=source is whole if whole else bool(wanted & source.counts))
        for source in sources
    ]


def _nothing(question: Question, sources: list[_Source]) -> Step:
    needed_ = ", ".join(sorted(question.needed))
    if question.principal.grants is not None:
        text = "a token allows what it was issued for and nothing else"
    elif question.principal.kind is ActorKind.ROBOT:
        text = f"nothing above gives it: {needed_}; a robot may do what it was given and nothing else"
    elif question.needed <= frozenset().union(*(source.gives for source in sources)):
        text = f"the key is not for it: {needed_} is held without the key alone"
        return Step(StepKind.KEY, text, allows=False, decides=True)
    else:
        texts = sorted({f"{permission} {needs(permission)}" for permission in question.needed})
        text = f"nothing above gives it: {', '.join(texts)}"
    return Step(StepKind.NOTHING, text, allows=False, decides=True)


def _of_robot(question: Question) -> Iterator[_Source]:
    yield from (each for each in _of_subjects(question) if each.step.kind is StepKind.PUBLIC)
    yield from _of_key(question, "the robot")


def _of_key(question: Question, whose: str) -> Iterator[_Source]:
    """A line for each allowance that counts in the project."""
    near = [each for each in question.principal.allowances or () if each.is_for(question.project.id)]
    if not near:
        yield _Source(
            Step(StepKind.KEY, f"{whose} was given nothing in the project", allows=False), frozenset()
        )
    for each in near:
        gives = each.gives(question.project.id, question.repository or None)
        what = ", ".join(sorted(each.permissions & question.needed)) or "other things"
        where = "in all projects" if each.place is Place.ALL_PROJECTS else "in the project"
        globs = f" on '{' and '.join(map(str, each.repositories))}'" if each.repositories else ""
        step = Step(StepKind.KEY, f"{whose} was given {what} {where}{globs}", allows=question.needed <= gives)
        yield _Source(step, gives)


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
