"""The smuggling corpus through nginx and straight at the registry: one request, one answer, no answer to the wrong caller."""

from __future__ import annotations

from functools import partial
from itertools import count

import pytest

from tests.deploy import smuggling, wire
from tests.deploy.conftest import Front
from tests.deploy.wire import Open, Said

NUMBERS = count(1)
# What nginx says of itself; from a client it counts for nothing.
SECURE = "X-Forwarded-Proto: https\r\n"
REFUSALS = {400, 401, 405, 501}


@pytest.fixture(params=["through nginx", "bare"])
def way(request: pytest.FixtureRequest, front: Front) -> Open:
    """Opens connections to the front door, or to the registry's own socket."""
    if request.param == "bare":
        return partial(wire.by_unix, front.roles.sockets / "registry.sock")
    return partial(wire.by_tls, front.host, front.tls)


def is_in_step(front: Front, way: Open) -> bool:
    """Whether a caller on a new connection gets the answer to his own question (nginx reuses its connections)."""
    name = f"probe/n{next(NUMBERS)}"
    asked = f"GET /v2/{name}/tags/list HTTP/1.1\r\nHost: {front.host}\r\n{SECURE}Connection: close\r\n\r\n"
    said = wire.exchange(way, asked.encode())
    return said.statuses == [401] and f'scope="repository:{name}:pull"'.encode() in said.raw


def assert_harmless(said: Said) -> None:
    assert len(said.statuses) <= 1, said.raw
    assert set(said.statuses) <= REFUSALS, said.raw
    assert said.statuses or said.closed, "neither an answer nor the end"
    assert b'{"ok"' not in said.raw


@pytest.mark.parametrize("case", smuggling.CORPUS)
def test_a_request_with_two_ends_gets_one_answer(front: Front, way: Open, case: str) -> None:
    said = wire.exchange(way, smuggling.request(case, front.host))
    assert_harmless(said)
    assert all(is_in_step(front, way) for _ in range(4))


def test_a_hidden_request_would_be_seen(front: Front, way: Open) -> None:
    """The control: two honest requests in one write get two answers."""
    first = f"GET /v2/ HTTP/1.1\r\nHost: {front.host}\r\n{SECURE}\r\n".encode()
    said = wire.exchange(way, first + smuggling.HIDDEN)
    assert said.statuses == [401, 200]
