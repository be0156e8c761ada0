"""Lists over the wire: pages, totals, links, filters, sorting; what is malformed is refused by name."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.registry_api.rest.api import Caller, World


def links(header: str | None) -> dict[str, str]:
    """Relation -> path and query."""
    return {relation: target for target, relation in re.findall(r'<([^>]+)>; rel="([a-z]+)"', header or "")}


@pytest.fixture
def five(world: World) -> list[int]:
    """Ids of five runs of the project, oldest first."""
    return [world.run(subject_name=f"s{number}").pk for number in range(5)]


def mine(world: World, query: str = "") -> str:
    return f"/jobs?q=project_id={world.project.pk}{query}"


def ids(caller: Caller, path: str) -> list[int]:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.text
    return [entry["id"] for entry in answer.json()]


def test_pages_are_linked_and_counted(world: World, five: list[int]) -> None:
    path = mine(world, "&sort=id&page_size=2")
    seen: list[int] = []
    relations = []
    while path:
        answer = world.admin.get(path)
        assert answer.headers["X-Total-Count"] == "5"
        seen += [entry["id"] for entry in answer.json()]
        found = links(answer.headers["Link"])
        relations.append(sorted(found))
        assert all(target.startswith("/api/v2.0/jobs?") for target in found.values())
        path = found.get("next", "")
    assert seen == five
    assert relations == [
        ["first", "last", "next"],
        ["first", "last", "next", "prev"],
        ["first", "last", "prev"],
    ]


def test_a_single_page_has_no_links(world: World, five: list[int]) -> None:
    answer = world.admin.get(mine(world))
    assert len(answer.json()) == 5
    assert "Link" not in answer.headers


def test_links_keep_the_other_parameters(world: World, five: list[int]) -> None:
    answer = world.admin.get(mine(world, ",subject_name=~s&sort=-id&page_size=1"))
    following = world.admin.get(links(answer.headers["Link"])["next"])
    assert [entry["id"] for entry in following.json()] == [five[-2]]


def test_a_page_beyond_the_last_is_empty(world: World, five: list[int]) -> None:
    answer = world.admin.get(mine(world, "&page=999999&page_size=100"))
    assert answer.json() == []
    assert answer.headers["X-Total-Count"] == "5"


@pytest.mark.parametrize("name", ["page", "page_size"])
@pytest.mark.parametrize(
    "value", ["-1", "1000000000", "1e3", "abc", "1.5", "%D9%A1", "10000000000000000000", "1%00"]
)
def test_a_page_that_cannot_be_is_refused(world: World, name: str, value: str) -> None:
    status, message = world.admin.refused("GET", f"/jobs?{name}={value}")
    assert status == 400
    assert re.search(rf"^{name} is a whole number from 0 to [0-9]+$", message)


def test_zeros_ask_for_all_that_a_page_may_have(world: World, five: list[int]) -> None:
    """Harbor's command line sends them where it was told nothing."""
    asked = world.admin.get(mine(world, "&sort=id&page=0&page_size=0"))
    assert ([entry["id"] for entry in asked.json()], asked.headers["X-Total-Count"]) == (five, "5")
    assert links(world.admin.get("/audit-logs?page=0&page_size=1").headers["Link"])["next"]


@pytest.mark.parametrize(
    "query",
    [
        "sort=user__password",
        "sort=-actor_id",
        "q=password=~a",
        "q=actor_id__gt=0",
        "q=_connector=OR",
        "q=state=nonsense",
        "q=id=x",
        "q=creation_time=[x~]",
        "q=nonsense",
        "q=kind=[a~b]",
        "q=%00",
    ],
)
def test_filters_and_sorts_outside_the_list_are_refused(world: World, query: str) -> None:
    status, message = world.admin.refused("GET", f"/jobs?{query}")
    assert status == 400
    assert message.startswith(("q: ", "sort: "))


def test_plain_parameters_reach_no_column(world: World, five: list[int]) -> None:
    """Only q filters: a parameter named like a lookup is nothing."""
    assert len(ids(world.admin, mine(world, "&id=1&project_id__gt=0&_connector=OR&actor_name=x"))) == 5


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("subject_name=s1", [1]),
        ("subject_name=~S", [0, 1, 2, 3, 4]),
        ("subject_name=~s_", []),
        ("subject_name=~%", []),
        ("subject_name={s1 s3 x}", [1, 3]),
        ("subject_name=(s1)", [1]),
        ("subject_name=(s1 s2)", []),
        ("state=succeeded,kind=test.kind", [0, 1, 2, 3, 4]),
        ("state=failed", []),
        ("creation_time=[2001-01-01~2002-01-01]", []),
        ("creation_time=[2001-01-01 10:00:00~]", [0, 1, 2, 3, 4]),
    ],
)
def test_a_filter_selects(world: World, five: list[int], q: str, expected: list[int]) -> None:
    found = ids(world.admin, f"{mine(world)},{quote(q)}&sort=id")
    assert found == [five[index] for index in expected]


def test_a_range_of_numbers_has_both_its_ends(world: World, five: list[int]) -> None:
    assert ids(world.admin, f"{mine(world)},id=[{five[1]}~{five[3]}]&sort=-id") == five[3:0:-1]
