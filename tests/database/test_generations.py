"""Generations: a change moves a repository's, a project's change moves those of all its repositories, on every host."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from database import generations, listener, sql
from tests.people import unique


@pytest.fixture(autouse=True)
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def _soon(holds: Callable[[], bool]) -> bool:
    """Whether it holds within some seconds; another host's change takes a message, not a call."""
    until = time.monotonic() + 10
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_a_change_of_a_repository_moves_its_generation_and_no_other() -> None:
    project = unique("p")
    changed, other = generations.current(f"{project}/a"), generations.current(f"{project}/b")
    generations.bump(f"{project}/a")
    assert generations.current(f"{project}/a") != changed
    assert generations.current(f"{project}/b") == other


def test_a_change_of_a_project_moves_all_its_repositories() -> None:
    project = unique("p")
    before = [generations.current(f"{project}/{name}") for name in "abc"]
    generations.bump(project)
    assert all(
        generations.current(f"{project}/{name}") != old for name, old in zip("abc", before, strict=True)
    )


def test_nothing_moves_before_the_commit_or_after_a_rollback() -> None:
    name = f"{unique('p')}/a"
    before = generations.current(name)
    with transaction.atomic():
        generations.bump_on_commit(name)
        transaction.set_rollback(True)
    assert generations.current(name) == before
    with transaction.atomic():
        generations.bump_on_commit(name)
        assert generations.current(name) == before
    assert generations.current(name) != before


def test_a_change_on_another_host_is_heard_and_silence_is_known() -> None:
    listener.start()
    assert _soon(listener.is_listening)
    name = f"{unique('p')}/a"
    before = generations.current(name)
    sql.value("SELECT pg_notify(%s, %s)", [generations.CHANNEL, name])
    assert _soon(lambda: generations.current(name) != before)
    remembered = generations.current(name)
    sql.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query IN ('LISTEN wharf_generation', 'SELECT 1')"
    )
    assert _soon(lambda: not listener.is_listening())
    # What changed meanwhile is not known: once it hears again, everything remembered is stale.
    assert _soon(listener.is_listening)
    assert generations.current(name) != remembered
