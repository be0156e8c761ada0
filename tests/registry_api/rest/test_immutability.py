"""/projects/{p}/immutabletagrules: Harbor's shape, and nothing of one project by the path of another."""

from __future__ import annotations

from typing import Any

import pytest

from projects.models import TagRule
from tests import people
from tests.registry_api.rest.api import World

HARBORS = {"id", "priority", "disabled", "action", "template", "params", "tag_selectors", "scope_selectors"}


def selector(decoration: str, pattern: str, **more: Any) -> dict[str, Any]:
    return {"kind": "doublestar", "decoration": decoration, "pattern": pattern} | more


def body(tags: str = "v*", repositories: str = "**", **more: Any) -> dict[str, Any]:
    """As Harbor's pages and Terraform send it."""
    return {
        "disabled": False,
        "action": "immutable",
        "template": "immutable_template",
        "priority": 0,
        "params": {},
        "project_id": 1,
        "tag_selectors": [selector("matches", tags)],
        "scope_selectors": {"repository": [selector("repoMatches", repositories)]},
    } | more


def rules(world: World) -> str:
    return f"/projects/{world.project.name}/immutabletagrules"


def make(world: World, **more: Any) -> str:
    answer = world.maintainer.call("POST", rules(world), json=body(**more))
    assert answer.status_code == 201, answer.text
    location: str = answer.headers["Location"]
    return location


def test_a_rule_is_listed_in_harbors_shape(world: World) -> None:
    location = make(world, tags="release-*", repositories="team/**")
    (told,) = world.developer.get(rules(world)).json()
    assert set(told) == HARBORS
    assert location.endswith(f"/immutabletagrules/{told['id']}")
    assert told["tag_selectors"] == [selector("matches", "release-*", extras="")]
    assert told["scope_selectors"] == {"repository": [selector("repoMatches", "team/**", extras="")]}
    assert (told["action"], told["template"], told["params"], told["disabled"]) == (
        "immutable",
        "immutable_template",
        {},
        False,
    )


def test_the_project_is_named_by_name_or_number(world: World) -> None:
    make(world)
    for path, headers in (
        (f"/projects/{world.project.pk}/immutabletagrules", {}),
        (rules(world), {"X-Is-Resource-Name": "true"}),
    ):
        assert world.developer.get(path, headers=headers).headers["X-Total-Count"] == "1"
    numbered = f"/projects/{world.project.pk}/immutabletagrules"
    refused = world.developer.refused("GET", numbered, headers={"X-Is-Resource-Name": "true"})
    assert refused == (404, f"no project '{world.project.pk}'")


def test_a_rule_is_switched_off_and_rewritten(world: World) -> None:
    location = make(world)
    assert world.maintainer.call("PUT", location, json={"disabled": True}).status_code == 200
    (told,) = world.developer.get(rules(world)).json()
    assert (told["disabled"], told["tag_selectors"][0]["pattern"]) == (True, "v*")
    changed = body(tag_selectors=[selector("excludes", "dev-*")])
    assert world.maintainer.call("PUT", location, json=changed).status_code == 200
    (told,) = world.developer.get(rules(world)).json()
    assert (told["disabled"], told["tag_selectors"][0]["decoration"]) == (False, "excludes")
    assert world.maintainer.call("DELETE", location).status_code == 200
    assert world.developer.get(rules(world)).json() == []


@pytest.mark.parametrize(
    "absent", [{}, {"disabled": None, "priority": None, "tag_selectors": None, "scope_selectors": None}]
)
def test_a_change_that_leaves_disabled_out_switches_the_rule_on(
    world: World, absent: dict[str, None]
) -> None:
    """Harbor's Go client has no other way to say false, or 0; selectors stay."""
    location = make(world, disabled=True, priority=7)
    assert world.maintainer.call("PUT", location, json=absent).status_code == 200
    (told,) = world.developer.get(rules(world)).json()
    assert (told["disabled"], told["priority"], told["tag_selectors"][0]["pattern"]) == (False, 0, "v*")


def test_the_same_rule_twice_is_a_conflict(world: World) -> None:
    make(world)
    assert world.maintainer.refused("POST", rules(world), json=body())[0] == 409
    second = make(world, tags="x")
    assert world.maintainer.refused("PUT", second, json=body())[0] == 409


def test_a_rule_is_not_reached_by_the_path_of_another_project(world: World) -> None:
    make(world)
    rule = TagRule.objects.get(project=world.project)
    other = people.make_project()
    for project in (other.name, str(other.pk)):
        path = f"/projects/{project}/immutabletagrules/{rule.pk}"
        for method in ("PUT", "DELETE"):
            assert world.admin.refused(method, path, json={"disabled": True})[0] == 404
            # He may know of neither the rule nor the project it is asked of.
            assert world.maintainer.refused(method, path, json={}) == (404, f"no project '{project}'")
    rule.refresh_from_db()
    assert not rule.disabled


@pytest.mark.parametrize(
    "wrong",
    [
        {"tag_selectors": []},
        {"tag_selectors": [selector("matches", "a"), selector("matches", "b")]},
        {"tag_selectors": [selector("repoMatches", "a")]},
        {"tag_selectors": [selector("matches", "")]},
        {"tag_selectors": [selector("matches", "a/b")]},
        {"tag_selectors": [selector("matches", "(a+)+$")]},
        {"tag_selectors": [selector("matches", "x" * 10_000)]},
        {"tag_selectors": [selector("matches", "*?" * 40)]},
        {"tag_selectors": [selector("matches", "a\0")]},
        {"tag_selectors": "v*"},
        {"tag_selectors": [{"kind": "regex", "decoration": "matches", "pattern": "a"}]},
        {"scope_selectors": {}},
        {"scope_selectors": {"repository": [selector("matches", "a")]}},
        {"scope_selectors": {"repository": [selector("repoMatches", "A B")]}},
        {"priority": -1},
        {"priority": 2**40},
        {"disabled": "perhaps"},
    ],
)
def test_a_malformed_rule_changes_nothing(world: World, wrong: dict[str, Any]) -> None:
    location = make(world)
    assert world.maintainer.refused("POST", rules(world), json=body() | wrong)[0] == 400
    assert world.maintainer.refused("PUT", location, json=wrong)[0] == 400
    (row,) = TagRule.objects.filter(project=world.project)
    assert (row.tags, row.repositories, row.disabled) == ("v*", "**", False)
