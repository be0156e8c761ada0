"""Rows by the ten thousand, known to the planner, in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from database import sql
from tests import plugin, session

Made = TypeVar("Made")


class Standing(Protocol):
    """`with standing(Crowd, TABLES) as crowd`: what `make` writes into those tables is there, and analysed, until the end."""

    def __call__(self, make: Callable[[], Made], tables: Collection[str]) -> AbstractContextManager[Made]: ...


@contextmanager
def stand(
    services: Path, blocker: DjangoDbBlocker, make: Callable[[], Made], tables: Collection[str]
) -> Iterator[Made]:
    """As `Standing`, whose first two `tests/conftest.py` gives."""
    with blocker.unblock():
        let_analyse(services, tables)
        with transaction.atomic():
            made = make()
            analyse(tables)
            yield made
            transaction.set_rollback(True)
        _clear(services, tables)


def let_analyse(services: Path, tables: Collection[str]) -> None:
    """The run-time role may do in its own transaction what autovacuum does after it."""
    _clear(services, tables)
    with session.superuser(services, plugin.TEST_DATABASE) as server:
        server.execute(f"GRANT MAINTAIN ON {', '.join(tables)} TO wharf_app")


def _clear(services: Path, tables: Collection[str]) -> None:
    """What was rolled back, here or by another test, is read over and counted by the planner until somebody clears it away."""
    with session.superuser(services, plugin.TEST_DATABASE) as server:
        server.execute(f"VACUUM ANALYZE {', '.join(tables)}")


def analyse(tables: Collection[str]) -> None:
    for table in tables:
        sql.execute(f"ANALYZE {table}")
