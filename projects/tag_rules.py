"""Reading the rules of immutable tags."""

from __future__ import annotations

from django.db.models import QuerySet

from access.check import require
from access.principal import Principal
from access.table import P
from core.globs import Glob
from core.policy.immutability import Rule, Selector
from projects.models import Project, TagRule
from projects.queries import ref


def rules_of(actor: Principal, project: Project) -> QuerySet[TagRule]:
    """The project's rules, disabled ones too, in the order they were made. Raises Denied, ProjectUnknown."""
    require(actor, P.IMMUTABLE_TAG_LIST, ref(project))
    return TagRule.objects.filter(project=project).order_by("id")


def rules_in_force(project_id: int) -> tuple[Rule, ...]:
    """What decides about the project's tags at this moment (one query), for who may see the tags."""
    rows = TagRule.objects.filter(project_id=project_id, disabled=False)
    return tuple(rule(row) for row in rows)


def rule(row: TagRule) -> Rule:
    """The row as the decision takes it."""
    return Rule(
        Selector(Glob.parse(row.repositories), row.repositories_excluded),
        Selector(Glob.of_tags(row.tags), row.tags_excluded),
        is_enabled=not row.disabled,
    )
