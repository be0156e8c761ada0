"""Rules of immutable tags of a project, in Harbor's shape: one selector of repositories, one of tags."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from access.table import P
from core.errors import InvalidInput
from projects.models import TagRule
from projects.services import tag_rules as services
from projects.services.tag_rules import RuleText
from projects.tag_rules import rules_of
from registry_api.rest import answers, body
from registry_api.rest.endpoint import Endpoint
from registry_api.rest.filters import Flag, Number
from registry_api.rest.lenient import Choice
from registry_api.rest.listing import Listing
from registry_api.rest.named import project_of
from registry_api.rest.schema import DONE, LOCATION, MADE

ACTION, TEMPLATE, KIND = "immutable", "immutable_template", "doublestar"
REPOSITORY = "repository"
REPOSITORIES = {"repoMatches": False, "repoExcludes": True}
TAGS = {"matches": False, "excludes": True}


class Selector(serializers.Serializer[dict[str, str]]):
    """`pattern` is a glob with *, **, ? and {a,b}."""

    kind = Choice((KIND,), default=KIND)
    decoration = Choice(
        (*TAGS, *REPOSITORIES), help_text="repoMatches or repoExcludes; of tags, matches or excludes."
    )
    pattern = serializers.CharField()
    extras = serializers.CharField(default="", allow_blank=True, allow_null=True, help_text="Not used.")


class Scopes(serializers.Serializer[dict[str, Any]]):
    repository = serializers.ListField(child=Selector(), min_length=1, max_length=1)


class RuleEntry(serializers.Serializer[TagRule]):
    """Harbor's names."""

    id = serializers.IntegerField()
    priority = serializers.IntegerField()
    disabled = serializers.BooleanField()
    action = serializers.CharField()
    template = serializers.CharField()
    params = serializers.DictField()
    tag_selectors = Selector(many=True)
    scope_selectors = Scopes()


class RuleBody(serializers.Serializer[dict[str, Any]]):
    """No `disabled` is false and no priority is 0, which Go clients leave out.

    Selectors that are absent or null stay as they are; those of a new rule take every tag of every repository.
    """

    priority = serializers.IntegerField(default=0, allow_null=True, min_value=0, max_value=2**31 - 1)
    disabled = serializers.BooleanField(default=False, allow_null=True)
    tag_selectors = serializers.ListField(
        child=Selector(), required=False, allow_null=True, min_length=1, max_length=1
    )
    scope_selectors = Scopes(required=False, allow_null=True)


RULES = Listing(
    RuleEntry,
    fields={"id": Number("id"), "disabled": Flag("disabled")},
    sorts={"id": "id", "priority": "priority", "creation_time": "created_at"},
    default="id",
)


class TagRules(Endpoint):
    @RULES.documented("The rules of immutable tags of a project")
    def get(self, _request: Request, project: str) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, P.IMMUTABLE_TAG_LIST)
        rows = rules_of(self.actor, place)
        return RULES.answer(
            self.http_request, self.query, rows, show=lambda page: [shown(row) for row in page]
        )

    @extend_schema(
        summary="Make tags of a project immutable",
        request=RuleBody,
        parameters=[LOCATION],
        responses=MADE,
    )
    def post(self, _request: Request, project: str) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, P.IMMUTABLE_TAG_CREATE)
        text = RuleText(**_fields(body.read(self.http_request, RuleBody)))
        row = services.create_rule(self.actor, place, text)
        return answers.created(f"{self.http_request.path.rstrip('/')}/{row.pk}")


class OneTagRule(Endpoint):
    @extend_schema(
        summary="Change a rule of immutable tags, or switch it off or on",
        request=RuleBody,
        responses=DONE,
    )
    def put(self, _request: Request, project: str, rule_id: int) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, P.IMMUTABLE_TAG_UPDATE)
        services.change_rule(self.actor, place, rule_id, _fields(body.read(self.http_request, RuleBody)))
        return answers.done()

    @extend_schema(summary="Remove a rule of immutable tags", responses=DONE)
    def delete(self, _request: Request, project: str, rule_id: int) -> HttpResponse:
        place = project_of(self.actor, project, self.http_request, P.IMMUTABLE_TAG_DELETE)
        services.delete_rule(self.actor, place, rule_id)
        return answers.done()


def shown(row: TagRule) -> dict[str, Any]:
    """A rule as `RuleEntry` says."""
    here = "repoExcludes" if row.repositories_excluded else "repoMatches"
    these = "excludes" if row.tags_excluded else "matches"
    return {
        "id": row.pk,
        "priority": row.priority,
        "disabled": row.disabled,
        "action": ACTION,
        "template": TEMPLATE,
        "params": {},
        "tag_selectors": [_selector(these, row.tags)],
        "scope_selectors": {REPOSITORY: [_selector(here, row.repositories)]},
    }


def _selector(decoration: str, pattern: str) -> dict[str, str]:
    return {"kind": KIND, "decoration": decoration, "pattern": pattern, "extras": ""}


def _fields(wanted: dict[str, Any]) -> dict[str, Any]:
    """The fields of RuleText that the body gives. Raises InvalidInput."""
    fields: dict[str, Any] = {
        "priority": wanted["priority"] or 0,
        "disabled": bool(wanted["disabled"]),
    }
    if wanted.get("tag_selectors") is not None:
        fields |= _chosen("tags", wanted["tag_selectors"][0], TAGS)
    if wanted.get("scope_selectors") is not None:
        fields |= _chosen("repositories", wanted["scope_selectors"][REPOSITORY][0], REPOSITORIES)
    return fields


def _chosen(name: str, selector: dict[str, str], decorations: dict[str, bool]) -> dict[str, Any]:
    if selector["decoration"] not in decorations:
        raise InvalidInput(f"the decoration of {name} is {' or '.join(decorations)}")
    return {name: selector["pattern"], f"{name}_excluded": decorations[selector["decoration"]]}
