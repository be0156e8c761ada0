"""The operations of the OpenAPI document, each with the request of the authorization matrix that does what it is for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import yaml

from registry_api.rest import explorer
from tests.registry_api.rest.api import World
from tests.registry_api.rest.matrix import MATRIX, PLACES, QUERIES

_PART = re.compile(r"<\w+:(\w+)>")
_DOCUMENT = yaml.safe_load(explorer.DOCUMENT.read_bytes())


@dataclass(frozen=True, slots=True)
class Operation:
    """`route` as in the table of routes, `path` as in the document."""

    route: str
    method: str

    @property
    def path(self) -> str:
        return _PART.sub(r"{\1}", f"/{self.route}")

    @property
    def _described(self) -> dict[str, Any]:
        described: dict[str, Any] = _DOCUMENT["paths"][self.path][self.method.lower()]
        return described

    @property
    def parameters(self) -> set[str]:
        """The names of those beside the path."""
        return {each["name"] for each in self._described.get("parameters", ()) if each["in"] == "query"}

    @property
    def body(self) -> dict[str, Any] | None:
        """The schema of the body; None where nothing is read."""
        described = self._described.get("requestBody")
        return None if described is None else resolved(described["content"]["application/json"]["schema"])

    def parts(self, world: World) -> dict[str, str]:
        """What stands in the path: names and ids of things of the world's project."""
        return {match[1]: PLACES[match[0]](world) for match in _PART.finditer(self.route)}

    def beside(self, world: World) -> str:
        """What the matrix asks beside the path, with its question mark."""
        made = QUERIES.get((self.route, self.method))
        return "" if made is None else made(world)

    def example(self, world: World) -> Any:
        """The body of the matrix, None where it sends none."""
        body = MATRIX[self.route, self.method][3]
        return body(world) if callable(body) else body

    def status(self, kind: str) -> int:
        """What the matrix says that an administrator gets, who knows of everything."""
        allowed, status, others, _body = MATRIX[self.route, self.method]
        return status if kind in allowed else others if isinstance(others, int) else 403

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


OPERATIONS = [Operation(route, method) for route, method in MATRIX]


def resolved(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema itself, where it is said elsewhere."""
    for way in ("allOf", "oneOf", "anyOf"):
        if way in schema:
            return resolved(schema[way][0])
    if "$ref" in schema:
        return resolved(_DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return dict(schema)


def members(operation: Operation, parts: Mapping[str, str]) -> list[tuple[tuple[str, ...], str]]:
    """As `leaves` of the operation's body; of the body that a path names one member of, that one."""
    found = list(leaves(operation.body or {}))
    return [each for each in found if "key" not in parts or each[0] == (parts["key"],)]


def leaves(schema: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """(names from the outermost inwards, type) of each member that the schema of a body names, however deep."""
    for name, inner in schema.get("properties", {}).items():
        member = resolved(inner)
        yield (*above, name), member.get("type", "string")
        yield from leaves(member, (*above, name))


def encoded(body: Any) -> bytes:
    """As clients in Python do it: half a character, which UTF-8 does not have, is escaped."""
    return json.dumps(body).encode()


def told(answer: httpx2.Response) -> str:
    asked = answer.request
    return f"{asked.method} {asked.url} {asked.content[:200]!r}: {answer.status_code} {answer.text[:300]}"


def with_member(body: Any, names: tuple[str, ...], value: Any) -> Any:
    """A copy of the body in which that member has that value."""
    copy = json.loads(json.dumps(body or {}))
    inner = copy
    for name in names[:-1]:
        if not isinstance(inner.get(name), dict):
            inner[name] = {}
        inner = inner[name]
    inner[names[-1]] = value
    return copy
