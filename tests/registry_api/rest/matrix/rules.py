"""Labels, quotas, rules of immutable tags, stars and search. A label in a path is one of the world's project."""

from __future__ import annotations

from artifacts.repositories import find
from projects.models import Label, TagRule
from projects.services.tag_rules import RuleText
from tests.arch.callers import push_image, target
from tests.people import unique
from tests.registry_api.rest.api import World
from tests.registry_api.rest.matrix.cells import (
    EDITORS,
    EVERYBODY,
    MANY,
    READERS,
    SIGNED_IN,
    Filled,
    Places,
    Rows,
)

ADMINS = {"admin", "operator_robot"}
LABELLERS = {*EDITORS, "admin", "project_robot", "admin_pat"}
LABEL_READERS = {"guest", "developer", *LABELLERS}
RULE_READERS = {"developer", *LABELLERS}
# By `project:read`; and by whatever right in the project.
KNOWING = {*READERS, "auditor", *RULE_READERS}
KNOWING_BY_ANY_RIGHT = {
    *KNOWING,
    "pull_robot",
    "push_robot",
    "system_robot",
    "developer_pat",
    "project_admin_pat",
}
PEOPLE = {*READERS, "developer", *EDITORS, "admin", "admin_pat"}
STAR_READERS = {*PEOPLE, "project_robot"}

RULE = {
    "tag_selectors": [{"kind": "doublestar", "decoration": "matches", "pattern": "v*"}],
    "scope_selectors": {
        "repository": [{"kind": "doublestar", "decoration": "repoMatches", "pattern": "app/**"}]
    },
}
RULES, ONE_RULE = (
    "projects/<str:project>/immutabletagrules",
    "projects/<str:project>/immutabletagrules/<id:rule_id>",
)
STAR = "projects/<str:project>/repositories/<repository:repository>/star"


def _new_label(world: World) -> dict[str, object]:
    return {"name": "new", "scope": "p", "project_id": world.project.pk}


ROWS: Rows = {
    ("labels", "GET"): (SIGNED_IN, 200, 0, None),
    ("labels", "POST"): (LABELLERS, 201, KNOWING, _new_label),
    ("labels/<id:label_id>", "GET"): (LABEL_READERS, 200, 404, None),
    ("labels/<id:label_id>", "PUT"): (LABELLERS, 200, LABEL_READERS, {"color": "#112233"}),
    ("labels/<id:label_id>", "DELETE"): (LABELLERS, 200, LABEL_READERS, None),
    ("quotas", "GET"): (ADMINS, 200, 403, None),
    ("quotas/<id:quota_id>", "GET"): (ADMINS, 200, 403, None),
    ("quotas/<id:quota_id>", "PUT"): (ADMINS, 200, 403, {"hard": {"storage": 1000}}),
    ("search", "GET"): (EVERYBODY, 200, 0, None),
    (RULES, "GET"): (RULE_READERS | {"auditor"}, 200, KNOWING, None),
    (RULES, "POST"): (LABELLERS, 201, KNOWING, RULE),
    (ONE_RULE, "PUT"): (LABELLERS, 200, KNOWING, {"disabled": True}),
    (ONE_RULE, "DELETE"): (LABELLERS, 200, KNOWING, None),
    # Whoever sees the repository; robots have no stars, and are told so.
    (STAR, "GET"): (STAR_READERS, 200, KNOWING_BY_ANY_RIGHT, None),
    (STAR, "PUT"): (PEOPLE, 200, KNOWING_BY_ANY_RIGHT | {"project_robot"}, None),
    (STAR, "DELETE"): (PEOPLE, 200, KNOWING_BY_ANY_RIGHT | {"project_robot"}, None),
}


def _label(world: World) -> str:
    return str(Label.objects.create(project=world.project, name=unique("label")).pk)


def _rule(world: World) -> str:
    TagRule.objects.filter(project=world.project).delete()
    return str(TagRule.objects.create(project=world.project, **RuleText(tags="release-*").fields()).pk)


def at_app(world: World) -> str:
    where = target(world.project, "app")
    if find(where) is None:
        push_image(where, "latest")
    return "app"


PLACES: Places = {
    "<repository:repository>": at_app,
    "<id:label_id>": _label,
    "<id:rule_id>": _rule,
    "<id:quota_id>": lambda world: str(world.project.pk),
    "<str:project>": lambda world: world.project.name,
}


def _thirty_labels(world: World) -> None:
    Label.objects.bulk_create(Label(name=unique("label")) for _ in range(MANY))


def _thirty_rules(world: World) -> None:
    fields = [RuleText(tags=f"v{number}").fields() for number in range(MANY)]
    TagRule.objects.bulk_create(TagRule(project=world.project, **each) for each in fields)


FILLED: Filled = {"labels": _thirty_labels, RULES: _thirty_rules}
