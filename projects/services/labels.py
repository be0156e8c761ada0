"""The only writer of labels: global ones by system administrators, those of a project by its maintainers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import IntegrityError
from django.db.models.functions import Now
from psycopg.errors import UniqueViolation

from access.check import unknown
from access.principal import Principal, ProjectRef
from access.table import P
from audit.actions import action
from core.errors import AlreadyExists, InvalidInput, LabelUnknown
from database import sql
from database.transactions import retried
from projects.models import MAX_LABEL_DESCRIPTION, MAX_LABEL_NAME, Label, Project
from projects.queries import ref

# It stays until the label is written: one of a project that is deleted meanwhile would be found by nobody.
_LIVING_PROJECT = "SELECT FROM project WHERE id = %s AND deleted_at IS NULL FOR KEY SHARE"
_COLOR = re.compile(r"(#[0-9A-Fa-f]{3}|#[0-9A-Fa-f]{6})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class LabelText:
    """What people give a label: its name, its colour ("#RRGGBB", "#RGB" or "") and what it is for."""

    name: str
    color: str = ""
    description: str = ""

    def check(self) -> None:
        """Raises InvalidInput."""
        if not self.name.strip() or len(self.name) > MAX_LABEL_NAME or _CONTROL.search(self.name):
            raise InvalidInput(
                f"a label's name has 1 to {MAX_LABEL_NAME} characters, none of them control characters"
            )
        if not _COLOR.fullmatch(self.color):
            raise InvalidInput("a label's color is written #RRGGBB, or left empty")
        if len(self.description) > MAX_LABEL_DESCRIPTION or "\0" in self.description:
            raise InvalidInput(
                f"a label's description has at most {MAX_LABEL_DESCRIPTION} characters, no NUL among them"
            )

    def as_detail(self) -> dict[str, str]:
        return {"name": self.name, "color": self.color, "description": self.description}


@retried
def create_label(actor: Principal, project: Project | None, text: LabelText) -> Label:
    """A label of the project, or a global one when None. Raises InvalidInput, AlreadyExists, ProjectUnknown, Denied."""
    text.check()
    with action(actor, P.LABEL_CREATE, _place(project), name="label.create") as draft:
        if project is not None and sql.row(_LIVING_PROJECT, (project.pk,)) is None:
            raise unknown(project.name)
        label = _saved(Label(project=project), text)
        draft.resource("label", label.pk, label.name)
        draft.after(text.as_detail())
    return label


@retried
def change_label(actor: Principal, label: Label, text: LabelText) -> Label:
    """Give the label another name, colour and description. Raises InvalidInput, AlreadyExists, LabelUnknown, Denied."""
    text.check()
    with action(actor, P.LABEL_UPDATE, _place(label.project), name="label.update") as draft:
        row = _locked(label)
        before = LabelText(row.name, row.color, row.description)
        draft.resource("label", row.pk, row.name)
        draft.before(before.as_detail())
        draft.after(text.as_detail())
        if before == text:
            draft.discard()
            return row
        return _saved(row, text)


@retried
def delete_label(actor: Principal, label: Label) -> None:
    """Remove the label, and take it off all artifacts. Raises LabelUnknown, Denied."""
    with action(actor, P.LABEL_DELETE, _place(label.project), name="label.delete") as draft:
        row = _locked(label)
        draft.resource("label", row.pk, row.name)
        draft.before(LabelText(row.name, row.color, row.description).as_detail())
        row.delete()


def _place(project: Project | None) -> ProjectRef | None:
    return None if project is None else ref(project)


def _locked(label: Label) -> Label:
    row = Label.objects.select_for_update(of=("self",)).filter(pk=label.pk).first()
    if row is None:
        raise LabelUnknown(f"no label {label.pk}", label=label.pk)
    return row


def _saved(row: Label, text: LabelText) -> Label:
    row.name, row.color, row.description = text.name, text.color, text.description
    row.updated_at = Now()
    try:
        row.save()
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise AlreadyExists(f"a label named '{text.name}' exists already", label=text.name) from error
        raise
    row.refresh_from_db()
    return row
