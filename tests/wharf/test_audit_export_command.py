"""`wharf audit export|exports|download`: files for people and pipes for scripts, whole or not there."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from audit.export import exporting
from core.blobstore.filesystem import FilesystemBlobStore
from database import sql
from jobs import runner
from tests.audit.sealing import Log, django_on, superuser_of
from tests.audit.test_export import MANY
from tests.instances import CHECKOUT
from tests.wharf.talking import Talking
from wharf.commands.audit import exporting as exporting_command

FOUND = ("--operation", "tag.delete")
ROWS = MANY.replace("'test.many'", "'tag.delete'")


@pytest.fixture
def log(
    app_database_url: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker, settings: Any
) -> Iterator[Log]:
    """Sixty deletions of tags, and a storage."""
    with django_db_blocker.unblock(), django_on(app_database_url), superuser_of(app_database_url) as admin:
        FilesystemBlobStore(tmp_path / "storage").prepare()
        settings.WHARF_STORAGE = f"file://{tmp_path / 'storage'}"
        admin.execute(ROWS, [60])
        yield Log(app_database_url, tmp_path, admin)


@pytest.fixture
def shell(log: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Talking:
    return Talking(capsys, monkeypatch)


def table(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as opened:
        return list(csv.reader(opened))


def test_a_file_holds_what_was_looked_for_and_its_checksum_is_told(shell: Talking, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    told = shell.ok("audit", "export", *FOUND, "--actor", "person-7", "--output", str(path))
    assert len(table(path)) == 1 + 2  # of sixty by fifty people
    assert hashlib.sha256(path.read_bytes()).hexdigest() in told
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part"))


def test_a_file_that_is_there_is_left_alone(shell: Talking, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("mine")
    assert "there already" in shell.refused("audit", "export", "--output", str(path))
    assert (path.read_text(), list(tmp_path.glob("*.part"))) == ("mine", [])


def test_an_export_that_breaks_leaves_no_half_file(
    shell: Talking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(*_: Any) -> Iterator[tuple[int, bytes]]:
        yield 1, b"half"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "content", breaking)
    assert "No space left" in shell.refused("audit", "export", "--output", str(tmp_path / "log.csv"))
    assert [path.name for path in tmp_path.iterdir() if path.is_file() and "log" in path.name] == []


def test_the_files_of_others_in_the_folder_are_left_alone(
    shell: Talking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, mine = tmp_path / "log.csv", tmp_path / "log.csv.part"
    mine.write_text("mine")

    def no_links(*_: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)  # as on exFAT
    shell.ok("audit", "export", *FOUND, "--output", str(path))
    assert (len(table(path)), mine.read_text()) == (61, "mine")
    assert "there already" in shell.refused("audit", "export", *FOUND, "--output", str(path))


def test_two_exports_to_one_file_never_mix(
    shell: Talking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"

    def other(*_: Any) -> Iterator[tuple[int, bytes]]:
        yield 1, b"first"
        with exporting_command._written(path) as opened:
            opened.write(b"second")
        yield 1, b"first again"

    monkeypatch.setattr(exporting, "content", other)
    assert "there already" in shell.refused("audit", "export", "--output", str(path))
    assert (path.read_bytes(), list(tmp_path.glob(".wharf-*"))) == (b"second", [])


def test_without_a_file_it_goes_to_standard_output_and_a_reader_may_stop(log: Log) -> None:
    command = [sys.executable, "manage.py", "audit", "export", "--format", "jsonl", *FOUND]
    environment = os.environ | {"WHARF_DATABASE_URL": log.url, "WHARF_REDIS_URL": "unix:///nowhere"}
    whole = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, check=True)
    assert [json.loads(line)["detail"]["n"] for line in whole.stdout.splitlines()] == list(range(1, 61))
    log.admin.execute(ROWS, [30_000])
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == 128 + 13


def test_a_job_makes_a_file_that_is_listed_and_downloaded(shell: Talking, tmp_path: Path) -> None:
    run = json.loads(shell.ok("audit", "export", "--job", "--format", "jsonl", *FOUND, "--json"))["job"]
    assert shell.ok("audit", "exports").splitlines()[1].split()[:2] == [str(run), "queued"]
    assert "not finished" in shell.refused("audit", "download", str(run))
    sql.execute("UPDATE job_run SET sent_at = now() WHERE id = %s", [run])
    runner.perform(run)
    (listed,) = json.loads(shell.ok("audit", "exports", "--json"))
    assert (listed["state"], listed["done"]) == ("succeeded", 60)
    path = tmp_path / "log.jsonl"
    told = json.loads(shell.ok("audit", "download", str(run), "--output", str(path), "--json"))
    assert told["sha256"] == listed["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(path.read_bytes().splitlines()) == 60


def test_what_cannot_be_meant_is_wrong_usage(shell: Talking) -> None:
    assert shell.status("audit", "export", "--format", "xml") == 2
    assert shell.status("audit", "export", "--since", "yesterday") == 2
    assert "no export 4711" in shell.refused("audit", "download", "4711")
    assert "leave --output out" in shell.refused("audit", "export", "--job", "--output", "x")
