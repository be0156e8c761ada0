"""Rows of the services of rules and marks: labels, quotas, rules of immutable tags, stars."""

from __future__ import annotations

from contextlib import suppress

from access.principal import Principal
from artifacts import labels as worn
from artifacts import stars
from core.errors import Denied, ProjectUnknown
from core.oci.reference import Tag
from projects import labels, quotas
from projects import tag_rules as rules
from projects.models import Label, TagRule
from projects.services import quota_warnings, tag_rules
from projects.services.labels import LabelText, change_label, create_label, delete_label
from projects.services.tag_rules import RuleText
from tests.arch.callers import Scene
from tests.arch.services.row import (
    DEVELOPERS,
    EVERYBODY,
    GUESTS,
    MAINTAINERS,
    MEMBERS,
    Row,
    Rows,
    look,
    system,
)
from tests.people import SYSTEM, unique

LATEST = Tag.parse("latest")
# A robot has no stars, whatever else it may; a token says nothing of them.
FANS = MEMBERS - {"project_robot"}


def a_label(scene: Scene, _actor: Principal) -> Label:
    return Label.objects.create(project=scene.project, name=unique("label"))


def a_global_label(_scene: Scene, _actor: Principal) -> Label:
    return Label.objects.create(name=unique("label"))


def a_worn_label(scene: Scene, actor: Principal) -> Label:
    label = a_label(scene, actor)
    worn.add(SYSTEM, scene.image, LATEST, label.pk)
    return label


def a_rule(scene: Scene, _actor: Principal) -> TagRule:
    return TagRule.objects.create(project=scene.project, **RuleText(tags="v*").fields())


def his_star(scene: Scene, actor: Principal) -> None:
    """Where he may have one."""
    with suppress(Denied, ProjectUnknown):
        stars.star(actor, scene.image)


LABELS: Rows = {
    "projects/services/labels.py:create_label": (
        Row(
            lambda s, actor, _: create_label(actor, s.project, LabelText("new")), MAINTAINERS, "label.create"
        ),
        *system(lambda _s, actor, _: create_label(actor, None, LabelText(unique("new"))), "label.create"),
    ),
    "projects/services/labels.py:change_label": (
        Row(
            lambda _s, actor, label: change_label(actor, label, LabelText("new")),
            MAINTAINERS,
            "label.update",
            given=a_label,
        ),
        *system(
            lambda _s, actor, label: change_label(actor, label, LabelText(unique("new"))),
            "label.update",
            given=a_global_label,
        ),
    ),
    "projects/services/labels.py:delete_label": (
        Row(lambda _s, actor, label: delete_label(actor, label), MAINTAINERS, "label.delete", given=a_label),
        *system(lambda _s, actor, label: delete_label(actor, label), "label.delete", given=a_global_label),
    ),
    "projects/labels.py:project_labels": (
        Row(lambda s, actor, _: list(labels.project_labels(actor, s.project)), GUESTS, recorded=False),
        Row(
            lambda s, actor, _: list(labels.project_labels(actor, s.public)),
            EVERYBODY - {"token"},
            recorded=False,
        ),
    ),
    "artifacts/labels.py:add": (
        Row(
            lambda s, actor, label: worn.add(actor, s.image, LATEST, label.pk),
            DEVELOPERS,
            "artifact.label",
            given=a_label,
        ),
    ),
    "artifacts/labels.py:remove": (
        Row(
            lambda s, actor, label: worn.remove(actor, s.image, LATEST, label.pk),
            DEVELOPERS,
            "artifact.unlabel",
            given=a_worn_label,
        ),
    ),
}
QUOTAS: Rows = {
    "projects/quotas.py:quotas": look(lambda _s, actor, _: list(quotas.quotas(actor))),
    "projects/quotas.py:quota_of": look(lambda s, actor, _: quotas.quota_of(actor, s.project.pk)),
    "projects/services/quota_warnings.py:warn": system(
        lambda s, actor, _: quota_warnings.warn(actor, s.project.pk, used=9, hard_limit=10), "quota.warn"
    ),
}
TAG_RULES: Rows = {
    "projects/tag_rules.py:rules_of": (
        Row(
            lambda s, actor, _: list(rules.rules_of(actor, s.project)),
            DEVELOPERS | {"auditor"},
            recorded=False,
        ),
    ),
    "projects/services/tag_rules.py:create_rule": (
        Row(
            lambda s, actor, _: tag_rules.create_rule(actor, s.project, RuleText(tags="v*")),
            MAINTAINERS,
            "tag-rule.create",
        ),
    ),
    "projects/services/tag_rules.py:change_rule": (
        Row(
            lambda s, actor, rule: tag_rules.change_rule(actor, s.project, rule.pk, {"disabled": True}),
            MAINTAINERS,
            "tag-rule.update",
            given=a_rule,
        ),
    ),
    "projects/services/tag_rules.py:delete_rule": (
        Row(
            lambda s, actor, rule: tag_rules.delete_rule(actor, s.project, rule.pk),
            MAINTAINERS,
            "tag-rule.delete",
            given=a_rule,
        ),
    ),
}
STARS: Rows = {
    "artifacts/stars.py:star": (
        Row(lambda s, actor, _: stars.star(actor, s.image), FANS, "repository.star"),
    ),
    "artifacts/stars.py:unstar": (
        Row(lambda s, actor, _: stars.unstar(actor, s.image), FANS, "repository.unstar", given=his_star),
    ),
    "artifacts/stars.py:stars_of": (
        Row(lambda s, actor, _: stars.stars_of(actor, s.image), MEMBERS, recorded=False),
        Row(lambda s, actor, _: stars.stars_of(actor, s.shown), EVERYBODY - {"token"}, recorded=False),
    ),
}

ROWS: Rows = {**LABELS, **QUOTAS, **TAG_RULES, **STARS}
