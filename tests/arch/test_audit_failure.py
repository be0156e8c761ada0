"""What cannot be recorded is not done: each service whose event cannot be written changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from access.principal import AuthMethod
from accounts.services import sessions
from database import sql
from tests import people
from tests.arch.callers import KINDS, Scene, principal_of
from tests.arch.services.matrix import MATRIX
from tests.arch.services.row import Row
from tests.arch.state import fingerprint
from tests.people import ORIGIN

# Whoever says so has no event written, and nobody else.
_TRIGGER = """
    CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF current_setting('wharf.test_audit_refuses', true) = 'on' THEN RAISE EXCEPTION 'no room for events'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER audit_refuses BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_refuses();
"""
_DROP = "DROP FUNCTION audit_refuses() CASCADE"


@pytest.fixture(scope="module")
def unwilling(django_db_setup: None) -> Iterator[None]:
    """The table of events refuses where `refusing` asks it to."""
    where = connection.settings_dict
    with psycopg.connect(host=where["HOST"], dbname=where["NAME"], user="postgres", autocommit=True) as owner:
        owner.execute(_TRIGGER)
        yield
        owner.execute(_DROP)


@pytest.fixture(scope="module")
def scene(unwilling: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with django_db_blocker.unblock(), transaction.atomic():
        from artifacts.storage import store

        store().prepare()
        yield Scene()
        transaction.set_rollback(True)


@contextmanager
def refusing() -> Iterator[None]:
    sql.execute("SET LOCAL wharf.test_audit_refuses = 'on'")
    yield
    sql.execute("SET LOCAL wharf.test_audit_refuses = 'off'")


def _acting(row: Row) -> str:
    """The first of the kinds of callers that may."""
    return next(kind for kind in ("admin", *KINDS) if kind in row.allowed)


def _rows() -> Iterator[Any]:
    for name, rows in MATRIX.items():
        for number, row in enumerate(rows, 1):
            if row.event and row.allowed and not row.ends:
                yield pytest.param(row, id=name if len(rows) == 1 else f"{name} {number}")


@pytest.mark.parametrize("row", list(_rows()))
def test_an_act_that_cannot_be_recorded_is_not_done(
    scene: Scene, row: Row, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), transaction.atomic():
        actor = principal_of(_acting(row), scene)
        prepared = row.given(scene, actor)
        before = fingerprint()
        with refusing(), pytest.raises(DatabaseError, match="no room for events"):
            row.call(scene, actor, prepared)
        assert _differing(before) == set()
        # The same call is let through where events can be written, so it was the event that stopped it.
        row.call(scene, actor, prepared)
        assert _differing(before) != set()
        transaction.set_rollback(True)


def _sign_in() -> Callable[[], object]:
    user = people.make_user()
    return lambda: sessions.start(user, AuthMethod.BASIC, ORIGIN)


def _confirm() -> Callable[[], object]:
    user = people.make_user()
    session = sessions.find(sessions.start(user, AuthMethod.BASIC, ORIGIN), ORIGIN)
    assert session is not None
    return lambda: sessions.confirm(session, user.pk)


@pytest.mark.parametrize("prepare", [_sign_in, _confirm])
def test_a_sign_in_that_cannot_be_recorded_begins_no_session(
    scene: Scene, prepare: Callable[[], Callable[[], object]], django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), transaction.atomic():
        call = prepare()
        before = fingerprint()
        with refusing(), pytest.raises(DatabaseError, match="no room for events"):
            call()
        assert _differing(before) == set()
        call()
        assert {"web_session", "audit_event"} <= _differing(before)
        transaction.set_rollback(True)


def _differing(before: dict[str, str]) -> set[str]:
    return {name for name, rows in fingerprint().items() if before[name] != rows}
