"""/labels: Harbor's list, and making, changing and removing one."""

from __future__ import annotations

import pytest

from projects.models import Label
from tests import people
from tests.people import unique
from tests.registry_api.rest.api import World

HARBORS = {"id", "name", "description", "color", "scope", "project_id", "creation_time", "update_time"}


def make(world: World, by: str = "maintainer", **more: object) -> str:
    body = {"name": "tested", "color": "#00FF00", "scope": "p", "project_id": world.project.pk} | more
    answer = world.caller(by).call("POST", "/labels", json=body)
    assert answer.status_code == 201, answer.text
    location: str = answer.headers["Location"]
    return location


def test_a_label_lies_where_its_location_says(world: World) -> None:
    told = world.guest.get(make(world, description="by QA")).json()
    assert set(told) == HARBORS
    assert (told["name"], told["color"], told["description"]) == ("tested", "#00FF00", "by QA")
    assert (told["scope"], told["project_id"]) == ("p", world.project.pk)


def test_a_global_label_is_made_by_an_administrator_and_seen_by_all_who_are_signed_in(world: World) -> None:
    name = unique("approved")
    location = make(world, "admin", name=name, scope="g", project_id=world.project.pk)
    told = world.outsider.get(location).json()
    assert (told["scope"], told["project_id"]) == ("g", 0)
    assert world.maintainer.refused("POST", "/labels", json={"name": "x", "scope": "g"})[0] == 403
    assert [label["name"] for label in world.outsider.get(f"/labels?scope=g&name={name[:12]}").json()] == [
        name
    ]
    assert world.anonymous.get("/labels?scope=g").status_code == 401


def test_the_list_is_of_one_project_by_part_of_the_name(world: World) -> None:
    for name in ("beta", "alpha", "Alphabet", "100%", "a_b"):
        make(world, name=name)
    path = f"/labels?scope=p&project_id={world.project.pk}"
    answer = world.guest.get(f"{path}&page_size=2&sort=-name")
    assert answer.headers["X-Total-Count"] == "5"
    assert [label["name"] for label in world.guest.get(f"{path}&name=ALPHA").json()] == ["Alphabet", "alpha"]
    assert [label["name"] for label in world.guest.get(f"{path}&name=%25").json()] == ["100%"]
    assert [label["name"] for label in world.guest.get(f"{path}&name=_").json()] == ["a_b"]
    assert [label["name"] for label in world.guest.get(f"{path}&q=name=~beta").json()] == ["beta"]


@pytest.mark.parametrize("absent", [{}, {"name": None, "color": None, "description": None}])
def test_what_a_change_leaves_out_is_empty_and_the_name_stays(world: World, absent: dict[str, None]) -> None:
    """Harbor's Go client has no other way to say an empty text."""
    location = make(world, description="before")
    assert world.maintainer.call("PUT", location, json=absent).status_code == 200
    told = world.maintainer.get(location).json()
    assert (told["name"], told["color"], told["description"]) == ("tested", "", "")


def test_neither_scope_nor_project_of_a_label_can_be_changed(world: World) -> None:
    location, other = make(world), people.make_project()
    body = {"scope": "g", "project_id": other.pk, "id": 1, "name": "renamed"}
    assert world.maintainer.call("PUT", location, json=body).status_code == 200
    told = world.maintainer.get(location).json()
    assert (told["name"], told["scope"], told["project_id"]) == ("renamed", "p", world.project.pk)


def test_a_removed_label_is_unknown(world: World) -> None:
    location = make(world)
    assert world.maintainer.call("DELETE", location).status_code == 200
    for method in ("GET", "PUT", "DELETE"):
        assert world.maintainer.refused(method, location, json={})[0] == 404


def test_a_label_of_a_hidden_project_is_as_one_that_does_not_exist(world: World) -> None:
    location = make(world)
    number = location.rpartition("/")[2]
    for method in ("GET", "PUT", "DELETE"):
        status, message = world.outsider.refused(method, location, json={"name": "x"})
        assert (status, message) == (404, f"no label {number}")
    body = {"name": "x", "scope": "p", "project_id": world.project.pk}
    status, message = world.outsider.refused("POST", "/labels", json=body)
    assert (status, message) == (404, f"no project '{world.project.pk}'")
    path = f"/labels?scope=p&project_id={world.project.pk}"
    assert world.outsider.refused("GET", path) == (404, message)


def test_the_name_is_taken(world: World) -> None:
    make(world)
    body = {"name": "tested", "scope": "p", "project_id": world.project.pk}
    assert world.maintainer.refused("POST", "/labels", json=body)[0] == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": None},
        {"name": 5, "color": []},
        {"name": "x" * 10_000},
        {"name": "a\0b"},
        {"color": "green"},
        {"scope": "x"},
        {"scope": None},
        {"description": "x" * 10_000},
        {"project_id": "all"},
        {"project_id": -1},
        {"project_id": 10**30},
    ],
)
def test_a_malformed_label_changes_nothing(world: World, wrong: dict[str, object]) -> None:
    body = {"name": "fine", "scope": "p", "project_id": world.project.pk} | wrong
    assert world.maintainer.refused("POST", "/labels", json=body)[0] == 400
    assert not Label.objects.filter(project=world.project).exists()


@pytest.mark.parametrize(
    "query",
    [
        "scope=x",
        "scope=p",
        "scope=p&project_id=",
        "scope=p&project_id=a",
        "scope=p&project_id=1e9",
        "q=project=1",
    ],
)
def test_a_malformed_list_is_refused(world: World, query: str) -> None:
    assert world.admin.refused("GET", f"/labels?{query}")[0] == 400
