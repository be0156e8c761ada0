"""How long the server took for a page, and the database of that: told in Server-Timing, which the tools of a browser draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from django.db import connection


class Taken:
    """Of one request, from its making on. As a wrapper of statements it counts those that run."""

    def __init__(self) -> None:
        self._begun = perf_counter()
        self._database = 0.0
        self._statements = 0

    def __call__(self, execute: Callable[..., Any], *asked: Any) -> Any:
        begun = perf_counter()
        try:
            return execute(*asked)
        finally:
            self._database += perf_counter() - begun
            self._statements += 1

    @property
    def header(self) -> str:
        """The header's value, times in ms."""
        whole = perf_counter() - self._begun
        return f'db;dur={self._database * 1000:.1f};desc="{self._statements} statements", app;dur={whole * 1000:.1f}'


@contextmanager
def taken() -> Iterator[Taken]:
    """What is asked of the database within is counted."""
    counted = Taken()
    with connection.execute_wrapper(counted):
        yield counted
