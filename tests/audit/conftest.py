from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from audit import denials
from audit.flood import Flood
from audit.recorder import Event
from tests.audit.sealing import Log, django_on, superuser_of


@pytest.fixture
def superuser(django_db_setup: None) -> Iterator[psycopg.Connection]:
    """A transaction of the superuser, rolled back at the end; `SET LOCAL ROLE` makes it anybody."""
    where = connection.settings_dict
    with psycopg.connect(host=where["HOST"], dbname=where["NAME"], user="postgres") as opened:
        opened.execute("SET LOCAL wharf.audit_truncate = 'off'")
        yield opened
        opened.rollback()


@pytest.fixture(autouse=True)
def no_denials_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests of this minute refused does not count here."""
    fresh = Flood[Event](per_key=denials.PER_MINUTE, in_all=denials.ALL_PER_MINUTE, seconds=denials.MINUTE)
    monkeypatch.setattr(denials, "_flood", fresh)


@pytest.fixture
def log(app_database_url: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Log]:
    """An audit log of its own, empty, with a sealer; everything commits."""
    with django_db_blocker.unblock(), django_on(app_database_url), superuser_of(app_database_url) as admin:
        yield Log(app_database_url, tmp_path, admin)
