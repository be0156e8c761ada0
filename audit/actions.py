"""The one way to write: permission, transaction and audit event together.

    with action(actor, P.TAG_DELETE, project, name="tag.delete", repository=str(repository)) as draft:
        draft.resource("tag", tag.id, f"{repository}:{tag.name}")
        draft.before({"digest": str(digest)})
        ...

One act is one event. What the block raises rolls back the act; so does a failure to write the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from access.check import require
from access.principal import Principal, ProjectRef
from access.table import Permission
from audit import denials, recorder
from audit.parts import NO_RESOURCE, Resource, Result
from audit.recorder import Event
from core.errors import Denied, ProjectUnknown


@dataclass(slots=True)
class Draft:
    """The event being written. `detail`: JSON of at most 8 KiB; values under secret-like keys are masked."""

    name: str
    project: ProjectRef | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    subject: Resource = NO_RESOURCE
    discarded: bool = False
    result: Result = Result.OK

    def resource(self, type_: str, id_: int | str | None, name: str) -> None:
        """The thing acted on, by its present name."""
        self.subject = Resource(type_, "" if id_ is None else str(id_), name)

    def before(self, state: Mapping[str, Any]) -> None:
        self.detail["before"] = dict(state)

    def after(self, state: Mapping[str, Any]) -> None:
        self.detail["after"] = dict(state)

    def about(self, project: ProjectRef) -> None:
        """The project the event belongs to, where it did not exist when the act began."""
        self.project = project

    def failed(self, reason: str) -> None:
        """What was tried, outside of this block, did not work: the event says so."""
        self.result = Result.FAILED
        self.detail["reason"] = reason

    def discard(self) -> None:
        """The act turned out to change nothing: no event."""
        self.discarded = True


@contextmanager
def action(
    actor: Principal,
    permission: Permission,
    project: ProjectRef | None = None,
    *,
    name: str,
    repository: str | None = None,
    owner: int | None = None,
    anyone: bool = False,
) -> Iterator[Draft]:
    """Check the permission, open a transaction, and write the draft as one event when the block ends.

    `owner`: the id of the user whose account the act is about (access.check.require). `anyone`: nobody needs the permission for
    this act, not even somebody signed in; it stands in the event, and the block says under which conditions.

    A refusal (by `require`, or a Denied the block raises) is recorded as "denied" outside the transaction.
    Use it as the outermost transaction: inside another one the record of a refusal shares the fate of that
    other one. Raises Denied, ProjectUnknown, ConfirmationNeeded, and what the block raises.
    """
    draft = Draft(name, project)
    if repository:
        draft.resource("repository", None, repository)
    try:
        if not anyone:
            require(actor, permission, project, repository=repository, owner=owner)
    except (Denied, ProjectUnknown) as refusal:
        _record_denial(actor, permission, draft, refusal)
        raise
    try:
        with transaction.atomic():
            yield draft
            if not draft.discarded:
                recorder.record(_event(actor, permission, draft), changed=_changed(draft, repository))
    except Denied as refusal:
        _record_denial(actor, permission, draft, refusal)
        raise


def _changed(draft: Draft, repository: str | None) -> str | None:
    """What processes remember of the repository, or of the whole project, is stale once this commits."""
    if repository is not None:
        return repository
    return draft.project.name if draft.project is not None else None


def _event(actor: Principal, permission: Permission, draft: Draft) -> Event:
    return Event(
        actor=actor,
        operation=draft.name,
        permission=str(permission),
        result=draft.result,
        project=draft.project,
        resource=draft.subject,
        detail=draft.detail,
    )


def _record_denial(actor: Principal, permission: Permission, draft: Draft, refusal: Exception) -> None:
    denials.record(
        actor,
        draft.name,
        permission=str(permission),
        project=draft.project,
        resource=draft.subject,
        reason=str(refusal),
    )
