"""What `q` and `sort` select in the audit log, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access.principal import Origin
from tests import people
from tests.registry_api.rest.api import World
from tests.registry_api.rest.test_audit_logs import ids, of_project


@pytest.fixture
def acts(world: World) -> dict[str, int]:
    """Ids of three acts of two people, by what they are."""
    developer = replace(
        world.developer.principal,
        origin=Origin(ip="203.0.113.7", agent="docker", request_id=people.unique("request")),
    )
    maintainer = replace(world.maintainer.principal, origin=Origin(ip="2001:db8::5"))
    return {
        "push": world.event("artifact.push", world.caller("developer").principal).pk,
        "tag": world.event("tag.create", developer).pk,
        "delete": world.event("tag.delete", maintainer).pk,
    }


def selected(world: World, acts: dict[str, int], q: str) -> set[str]:
    found = set(ids(world.admin, of_project(world, q)))
    return {name for name, id_ in acts.items() if id_ in found}


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("", {"push", "tag", "delete"}),
        ("operation=create", {"push", "tag"}),
        ("operation=CREATE", {"push", "tag"}),
        ("operation=~elet", {"delete"}),
        ("operation={delete create}", {"push", "tag", "delete"}),
        ("resource_type=tag", {"tag", "delete"}),
        ("resource_type=tag,operation=delete", {"delete"}),
        ("resource_type=artifact,operation=delete", set()),
        ("resource_type=nonsense", set()),
        ("operation=tag.create", {"tag"}),
        ("operation=tag.*", {"tag", "delete"}),
        ("operation={tag.create artifact.push}", {"tag", "push"}),
        ("operation=tag.*,operation=create", {"tag"}),
        ("ip=203.0.113.7", {"tag"}),
        ("ip=203.0.113.0/24", {"tag"}),
        ("ip=2001:db8::/32", {"delete"}),
        ("result=ok", {"push", "tag", "delete"}),
        ("result=denied", set()),
        ("operation_result=false", set()),
        ("stream=pulls", set()),
        ("stream=events", {"push", "tag", "delete"}),
        ("actor_kind=user", {"push", "tag", "delete"}),
        ("actor_kind=robot", set()),
        ("op_time=[2001-01-01~2002-01-01]", set()),
        ("op_time=[2001-01-01~]", {"push", "tag", "delete"}),
        ("op_time=[~2001-01-01]", set()),
        ("resource=~/APP:", {"push", "tag", "delete"}),
        ("resource=~no_such", set()),
        ("request_id=no-such-request", set()),
    ],
)
def test_a_filter_selects(world: World, acts: dict[str, int], q: str, expected: set[str]) -> None:
    assert selected(world, acts, q) == expected


def test_names_of_this_project_select(world: World, acts: dict[str, int]) -> None:
    name = world.developer.principal.name
    everything = {"push", "tag", "delete"}
    for q, expected in {
        f"username={name}": {"push", "tag"},
        f"username={name.upper()}": {"push", "tag"},
        f"username=~{name[2:].upper()}": {"push", "tag"},
        f"actor_id={world.maintainer.principal.id}": {"delete"},
        f"project={world.project.name}": everything,
        "project=no-such-project": set(),
        f"resource_prefix={world.project.name}/": everything,
        f"resource={world.project.name}/": set(),
    }.items():
        assert selected(world, acts, q) == expected, q


def test_a_range_of_times_holds_both_its_ends(world: World, acts: dict[str, int]) -> None:
    times = {entry["id"]: entry["op_time"] for entry in world.admin.get(of_project(world)).json()}
    first, last = times[acts["push"]], times[acts["delete"]]
    assert selected(world, acts, f"op_time=[{first}~{last}]") == {"push", "tag", "delete"}
    assert selected(world, acts, f"op_time={first}") == {"push"}
    assert selected(world, acts, f"op_time=[{first}~{last}],op_time=[{last}~]") == {"delete"}


def test_a_project_somebody_may_not_see_finds_nothing(world: World, acts: dict[str, int]) -> None:
    for q in (f"project={world.project.name}", f"project_id={world.project.pk}"):
        assert ids(world.outsider, f"/auditlog-exts?q={q}") == []


@pytest.mark.parametrize(
    "query",
    [
        "sort=username",
        "sort=-op_time,id",
        "sort=op_time__lt",
        "q=password=~a",
        "q=actor_name=x",
        "q=_connector=OR",
        "q=result=nonsense",
        "q=operation_result=perhaps",
        "q=stream=all",
        "q=actor_kind=god",
        "q=actor_id=x",
        "q=actor_id=[1~2]",
        "q=project_id=x",
        "q=project_id=[1~2]",
        "q=project_id=-1",
        "q=project=UPPER%20CASE",
        "q=op_time=[x~]",
        "q=op_time=~2026",
        "q=op_time={2026-01-01 2026-01-02}",
        "q=username=[a~b]",
        "q=username={a b}",
        "q=username=a,username=b",
        "q=ip=1.2.3.4,ip=1.2.3.5",
        "q=ip=not-an-address",
        "q=ip=1.2.3.4/99",
        "q=ip=~1.2",
        "q=operation=no.such",
        "q=operation=~tag.*",
        'q=request_id=""',
        "q=username=%00",
        "q=resource=~" + "x" * 3000,
        "q=nonsense",
        "cursor=nonsense",
        "cursor=" + "A" * 5000,
        "cursor=%00",
        "page=-1",
        "page_size=101",
    ],
)
@pytest.mark.parametrize("path", ["/audit-logs", "/audit-events"])
def test_what_cannot_be_meant_is_refused(world: World, path: str, query: str) -> None:
    status, message = world.admin.refused("GET", f"{path}?{query}")
    assert (status, bool(message)) == (400, True)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(
        [
            "username",
            "resource",
            "op_time",
            "ip",
            "project",
            "operation",
            "actor_id",
            "request_id",
            "nonsense",
        ]
    ),
    form=st.sampled_from(["{}", "~{}", "[{}~]", "[~{}]", "{{{} x}}", "({})", '"{}"']),
    value=st.text(max_size=40),
)
def test_whatever_is_asked_is_an_answer_or_a_refusal(http: Any, name: str, form: str, value: str) -> None:
    world = _world(http)
    answer = world.admin.get(f"/auditlog-exts?q={quote(f'{name}={form.format(value)}', errors='replace')}")
    assert answer.status_code in (200, 400)


_WORLDS: dict[int, World] = {}


def _world(http: Any) -> World:
    """One for all examples."""
    return _WORLDS.setdefault(id(http), World(http))
