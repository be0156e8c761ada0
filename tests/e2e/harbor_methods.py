"""What harborapi, a client that others wrote for Harbor, can ask: each of its methods, and the operation of ours it asks for.

Found out by calling every method, not from its source: with arguments made up by their types, against nobody.
"""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import unquote

import httpx
from django.urls import Resolver404, resolve
from harborapi import HarborAsyncClient
from pydantic import BaseModel

from registry_api.rest.urls import ROUTES
from tests.e2e.clients import Login

BASE = "/api/v2.0"
VIEWS = {name: view for _, view, name in ROUTES}
# Of the client itself: they ask for whatever path they are given, or for nothing.
PLUMBING = {
    "authenticate", "construct_model", "delete", "get", "get_file", "get_text", "head", "log_response", "no_retry",
    "no_validation", "patch", "post", "put", "raw_mode",
}  # fmt: skip

Operation = tuple[str, str]


def operation(method: str, path: str) -> Operation | None:
    """(method, name of the route) of a request, None for what is not served. `path` as it goes over the wire."""
    try:
        found = resolve(unquote(path.partition("?")[0]), "wharf.urls_web")
    except Resolver404:
        return None
    view = VIEWS.get(found.url_name or "")
    # A repository's path takes all that no other route does, such as …/artifacts/x/scan.
    is_swallowed = "/artifacts/" in str(found.kwargs.get("repository", ""))
    if view is None or is_swallowed or not hasattr(view, method.lower()):
        return None
    return method, str(found.url_name)


def requests() -> dict[str, tuple[str, str]]:
    """Every method of the client -> method and path of the first request it makes."""
    return {name: asyncio.run(_first_request(name)) for name in _methods()}


def _methods() -> Iterator[str]:
    for name, method in inspect.getmembers(HarborAsyncClient, inspect.isfunction):
        if not name.startswith("_") and name not in PLUMBING:
            assert inspect.iscoroutinefunction(inspect.unwrap(method)), name
            yield name


async def _first_request(name: str) -> tuple[str, str]:
    seen: list[tuple[str, str]] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.raw_path.decode().partition("?")[0]))
        return httpx.Response(418, json={"errors": []})

    client = HarborAsyncClient(url=f"http://nobody.test{BASE}", username="any", secret="any", raw=True)
    await client.client.aclose()
    client.client = httpx.AsyncClient(transport=httpx.MockTransport(refuse))
    given = _made_up(getattr(HarborAsyncClient, name))
    async with client.client:
        # What need not be given is given where the client asks for nothing without it.
        for everything in (False, True):
            with warnings.catch_warnings(), suppress(Exception):
                warnings.simplefilter("ignore")  # some are old names of others, and say so
                await getattr(client, name)(
                    **{each: value for each, (value, needed) in given.items() if needed or everything}
                )
            if seen:
                break
    assert seen, f"{name} asked for nothing"
    return seen[0]


def _made_up(method: Any) -> dict[str, tuple[Any, bool]]:
    """Arguments by name, each with whether it has to be given."""
    plain = inspect.unwrap(method)
    hints = get_type_hints(plain, vars(inspect.getmodule(plain)))
    given = [
        each
        for each in inspect.signature(plain).parameters.values()
        if each.kind is each.POSITIONAL_OR_KEYWORD and each.name != "self"
    ]
    return {each.name: (_value(hints[each.name]), each.default is each.empty) for each in given}


def _value(kind: Any) -> Any:
    if get_origin(kind) is list:
        return [_value(get_args(kind)[0])]
    if get_args(kind):
        return _value(get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_construct()
    return {bool: True, int: 1}.get(kind, "any")


class Recorder:
    """The client as one person, which keeps in mind what of ours was asked for with success."""

    def __init__(self, url: str, driven: set[Operation]) -> None:
        self.url, self.driven = url, driven

    def client(self, who: Login) -> HarborAsyncClient:
        client = HarborAsyncClient(url=f"{self.url}{BASE}", username=who.username, secret=who.password)
        client.client.event_hooks["response"].append(self._note)
        return client

    async def _note(self, answer: httpx.Response) -> None:
        asked = answer.request
        found = operation(asked.method, asked.url.raw_path.decode())
        if answer.status_code < 400 and found is not None:
            self.driven.add(found)
