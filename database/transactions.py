"""Transactions that may lose a race: retried whole, a bounded number of times, and never inside another one.

Source: reliability design, lock protocol: deadlocks (40P01) and serialization failures (40001) are retried up to three
times; everything else reaches the caller.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from psycopg_pool import PoolTimeout
from psycopg_pool import TooManyRequests as PoolExhausted

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 3
_RETRYABLE = frozenset({"40P01", "40001"})
# Raised by the function wharf_refuse of the database.
REFUSED = "WH001"


class RaceLost(Exception):
    """Another transaction changed what this one had read before locking it: start the transaction again."""


# The database is away, overloaded, or was lost to somebody else: the same request may succeed in a moment.
TRY_AGAIN = (OperationalError, InterfaceError, PoolTimeout, PoolExhausted, RaceLost)


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE PostgreSQL gave, or '' when the failure never reached the server."""
    return getattr(error.__cause__, "sqlstate", None) or ""


def refusal(error: BaseException) -> str | None:
    """The reason a statement gave to `wharf_refuse`, None for any other failure."""
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error) or cause.sqlstate != REFUSED:
        return None
    return cause.diag.message_primary


@contextmanager
def one_statement() -> Iterator[None]:
    """Around a statement that is a transaction of its own, without the round trips of BEGIN and COMMIT.

    Inside another transaction it is a savepoint, so that what it refuses leaves the other one whole. A connection that broke is
    given up, as Django does at the end of a transaction: what follows takes another one.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    try:
        yield
    except DatabaseError:
        connection.close_if_unusable_or_obsolete()
        raise


def retried(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` again when its transaction deadlocked or lost a race; only where it is the outermost one."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return function(*args, **kwargs)
        for _ in range(ATTEMPTS - 1):
            try:
                return function(*args, **kwargs)
            except RaceLost:
                continue
            except DatabaseError as error:
                if sqlstate(error) not in _RETRYABLE:
                    raise
        return function(*args, **kwargs)

    return run


def release_connection() -> None:
    """Give the connection back to the pool while a slow client reads or writes; the next statement takes one again."""
    if not connection.in_atomic_block:
        connection.close()
