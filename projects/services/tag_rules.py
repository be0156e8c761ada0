"""The only writer of the rules of immutable tags.

A rule is in force for every push that has not been answered when the rule is: whoever writes one locks the project as no push
may meanwhile, and every move or deletion of a tag locks the project before it reads the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import IntegrityError
from psycopg.errors import UniqueViolation

from access.check import unknown
from access.principal import Principal
from access.table import P
from audit.actions import action
from core.errors import AlreadyExists, InvalidInput, TagRuleUnknown
from core.globs import Glob
from core.policy.immutability import Selector
from database import sql
from database.transactions import retried
from projects.models import Project, TagRule
from projects.queries import ref

MAX_RULES = 100
# Against the FOR KEY SHARE of whoever moves or deletes a tag: it waits for those under way, and the next ones wait for us.
_ALONE = "SELECT FROM project WHERE id = %s AND deleted_at IS NULL FOR UPDATE"
_MAX_PRIORITY = 2**31 - 1


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule as people write it: a glob over paths below the project, one over tags, each to match or to exclude."""

    repositories: str = "**"
    repositories_excluded: bool = False
    tags: str = "**"
    tags_excluded: bool = False
    disabled: bool = False
    priority: int = 0

    def fields(self) -> dict[str, object]:
        """The columns of the row. Raises InvalidInput."""
        if not 0 <= self.priority <= _MAX_PRIORITY:
            raise InvalidInput("a rule's priority is a whole number from 0")
        here = Selector(Glob.parse(self.repositories), self.repositories_excluded)
        these = Selector(Glob.of_tags(self.tags), self.tags_excluded)
        return asdict(self) | {
            "repositories_expression": here.expression,
            "tags_expression": these.expression,
        }


@retried
def create_rule(actor: Principal, project: Project, text: RuleText) -> TagRule:
    """Make the tags that the rule takes immutable, those that are there too.

    Raises InvalidInput, AlreadyExists, ProjectUnknown, Denied.
    """
    fields = text.fields()
    with action(actor, P.IMMUTABLE_TAG_CREATE, ref(project), name="tag-rule.create") as draft:
        _lock(project)
        if TagRule.objects.filter(project=project).count() >= MAX_RULES:
            raise InvalidInput(f"a project has at most {MAX_RULES} rules of immutable tags: remove one first")
        with _once():
            row = TagRule.objects.create(project=project, **fields)
        draft.resource("tag-rule", row.pk, str(row))
        draft.after(asdict(text))
    return row


@retried
def change_rule(actor: Principal, project: Project, rule_id: int, changes: Mapping[str, Any]) -> TagRule:
    """Give fields of RuleText other values. Raises InvalidInput, AlreadyExists, TagRuleUnknown, ProjectUnknown, Denied."""
    with action(actor, P.IMMUTABLE_TAG_UPDATE, ref(project), name="tag-rule.update") as draft:
        _lock(project)
        row = _row(project, rule_id)
        before = text_of(row)
        text = replace(before, **changes)
        draft.resource("tag-rule", row.pk, str(row))
        draft.before(asdict(before))
        draft.after(asdict(text))
        if before == text:
            draft.discard()
            return row
        for name, value in text.fields().items():
            setattr(row, name, value)
        with _once():
            row.save()
    return row


@retried
def delete_rule(actor: Principal, project: Project, rule_id: int) -> None:
    """Free the tags that no other rule takes. Raises TagRuleUnknown, ProjectUnknown, Denied."""
    with action(actor, P.IMMUTABLE_TAG_DELETE, ref(project), name="tag-rule.delete") as draft:
        _lock(project)
        row = _row(project, rule_id)
        draft.resource("tag-rule", row.pk, str(row))
        draft.before(asdict(text_of(row)))
        row.delete()


def text_of(row: TagRule) -> RuleText:
    return RuleText(
        row.repositories, row.repositories_excluded, row.tags, row.tags_excluded, row.disabled, row.priority
    )


def _lock(project: Project) -> None:
    if sql.row(_ALONE, (project.pk,)) is None:
        raise unknown(project.name)


def _row(project: Project, rule_id: int) -> TagRule:
    row = TagRule.objects.filter(project=project, pk=rule_id).first()
    if row is None:
        raise TagRuleUnknown(
            f"project '{project.name}' has no rule {rule_id} of immutable tags", rule=rule_id
        )
    return row


@contextmanager
def _once() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise AlreadyExists("the project has this rule of immutable tags already") from error
        raise
