"""A whole server of a module's own, and harborapi, the client written for Harbor by others, to ask it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest
from harborapi import HarborAsyncClient

from tests.instances import Instance
from tests.wharf.running import admin, running

T = TypeVar("T")


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def asked(instance: Instance) -> Callable[[Callable[[HarborAsyncClient], Awaitable[T]]], T]:
    """What the client finds out as the administrator."""
    login = admin(instance)

    def ask(question: Callable[[HarborAsyncClient], Awaitable[T]]) -> T:
        return asyncio.run(with_client(instance, login.username, login.password, question))

    return ask


async def with_client(
    instance: Instance, username: str, secret: str, question: Callable[[HarborAsyncClient], Awaitable[T]]
) -> T:
    url = f"http://127.0.0.1:{instance.port}/api/v2.0"
    client = HarborAsyncClient(url=url, username=username, secret=secret)
    try:
        return await question(client)
    finally:
        await client.client.aclose()


def sooner_or_later(ask: Callable[[], T]) -> T:
    """The first answer that holds something: a worker makes itself known some seconds after the start."""
    deadline = time.monotonic() + 30
    while not (told := ask()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return told


Asked = Callable[[Callable[[HarborAsyncClient], Awaitable[Any]]], Any]
