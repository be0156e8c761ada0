"""Every route of the REST API x every kind of caller -> status. A route that is not listed here fails.

Written out by hand from the specification, not read from the product: the rows stand in the modules of `matrix`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from registry_api.rest.urls import ROUTES
from tests.registry_api.rest.api import World
from tests.registry_api.rest.matrix import MATRIX, MODULES, PLACES, QUERIES
from tests.registry_api.rest.matrix.cells import KINDS, Cell

METHODS = ("get", "post", "put", "patch", "delete")


def test_every_method_of_every_route_has_its_row() -> None:
    served = {(route, name.upper()) for route, view, _ in ROUTES for name in METHODS if hasattr(view, name)}
    assert served == set(MATRIX)
    assert sum(len(module.ROWS) for module in MODULES) == len(MATRIX), "two modules have the same row"


def test_routes_have_names_of_their_own_for_the_metrics() -> None:
    names = [name for _, _, name in ROUTES]
    assert len(set(names)) == len(names)
    assert all(name.startswith("api_") for name in names)


def _cells() -> Iterator[Any]:
    for (route, method), cell in MATRIX.items():
        for kind in KINDS:
            yield pytest.param(route, method, cell, kind, id=f"{method} {route} {kind}")


@pytest.mark.parametrize(("route", "method", "cell", "kind"), list(_cells()))
def test_a_caller_gets_what_the_role_table_gives(
    world: World, route: str, method: str, cell: Cell, kind: str
) -> None:
    allowed, status, others, _ = cell
    refused = others if isinstance(others, int) else 403 if kind in others else 404
    expected = status if kind in allowed else 401 if kind == "anonymous" else refused
    path, body = request_of(world, route, method)
    answer = world.caller(kind).call(method, path, json=body)
    assert answer.status_code == expected, answer.text


def request_of(world: World, route: str, method: str) -> tuple[str, Any]:
    """Path, with what is asked beside it, and body of that cell's request."""
    body = MATRIX[route, method][3]
    beside = QUERIES[route, method](world) if (route, method) in QUERIES else ""
    return route_path(world, route) + beside, body(world) if callable(body) else body


def route_path(world: World, route: str) -> str:
    """A path of the route, below /api/v2.0, whose ids name things of the world's project."""
    for part, made in PLACES.items():
        if part in route:
            route = route.replace(part, made(world))
    return f"/{route}"
