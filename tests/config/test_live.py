"""A change is in force in every process on every host within five seconds, without a restart."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from config import current, services
from config.catalogue.ldap import LDAP_UID
from database import generations
from tests.instances import CHECKOUT
from tests.people import SYSTEM

PROMISED_SECONDS = 5.0
GIVE_UP_SECONDS = 20.0
# Prints the value whenever it is another than before, as any process that uses a setting would see it.
WATCHER = """
import sys, time
import django
django.setup()
from config import current
from config.catalogue.ldap import LDAP_UID
from database import listener
if sys.argv[1] == "listening":
    listener.start()
    while not listener.is_listening():
        time.sleep(0.01)
seen = None
while True:
    value = current.get(LDAP_UID)
    if value != seen:
        print(value, flush=True)
        seen = value
    time.sleep(0.01)
"""


def environment(url: str, data: Path) -> dict[str, str]:
    data.mkdir(exist_ok=True)
    return {**os.environ, "WHARF_DATABASE_URL": url, "WHARF_DATA": str(data), "PYTHONPATH": str(CHECKOUT)}


@contextmanager
def watcher(url: str, data: Path, how: str = "deaf") -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", WATCHER, how],
        env=environment(url, data),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], GIVE_UP_SECONDS)[0], "nothing was seen"
    return process.stdout.readline().strip()


def set_uid(url: str, data: Path, value: str) -> float:
    """Change the setting in a process of its own, as an administrator does; when it had ended."""
    command = [sys.executable, "manage.py", "config", "set", f"ldap_uid={value}"]
    subprocess.run(command, env=environment(url, data), cwd=CHECKOUT, check=True, capture_output=True)
    return time.monotonic()


@pytest.mark.services
@pytest.mark.parametrize(
    ("folder", "how", "seconds"),
    [("here", "deaf", 3.0), ("there", "listening", 3.0), ("there", "deaf", PROMISED_SECONDS)],
    ids=["same host", "other host, hearing NOTIFY", "other host, deaf"],
)
def test_another_process_sees_the_change(
    app_database_url: str, tmp_path: Path, folder: str, how: str, seconds: float
) -> None:
    with watcher(app_database_url, tmp_path / folder, how) as process:
        assert told(process) == "uid"
        changed = set_uid(app_database_url, tmp_path / "here", "mail")
        assert told(process) == "mail"
        assert time.monotonic() - changed < seconds


@pytest.mark.django_db
def test_reading_again_costs_no_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    current.forget()
    with django_assert_num_queries(1):
        for _ in range(100):
            current.get(LDAP_UID)


@pytest.mark.django_db(transaction=True)
def test_this_process_sees_its_own_change_at_once() -> None:
    assert current.get(LDAP_UID) == "uid"
    services.change(SYSTEM, {"ldap_uid": "mail"})
    assert current.get(LDAP_UID) == "mail"
    services.reset(SYSTEM, ["ldap_uid"])
    assert current.get(LDAP_UID) == "uid"


@pytest.mark.django_db(transaction=True)
def test_nothing_is_forgotten_before_a_change_commits() -> None:
    current.get(LDAP_UID)
    before = generations.current(current.GENERATION)
    with transaction.atomic():
        services.change(SYSTEM, {"ldap_uid": "mail"})
        assert generations.current(current.GENERATION) == before
        transaction.set_rollback(True)
    assert current.get(LDAP_UID) == "uid"
