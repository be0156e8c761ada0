"""`wharf audit`: what an auditor reads, what scripts go by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.audit.sealing import Log, django_on, superuser_of
from tests.wharf.talking import Talking
from wharf import environment


@pytest.fixture
def log(app_database_url: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Log]:
    with django_db_blocker.unblock(), django_on(app_database_url), superuser_of(app_database_url) as admin:
        yield Log(app_database_url, tmp_path, admin)


@pytest.fixture
def shell(log: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings) -> Talking:
    here = environment.load().model_copy(update={"audit_key_file": log.keys, "audit_heads": log.heads})
    monkeypatch.setattr(environment, "load", lambda: here)
    settings.WHARF_AUDIT_KEY_FILE, settings.WHARF_AUDIT_HEADS = log.keys, log.heads
    return Talking(capsys, monkeypatch)


def test_a_whole_log_is_told_with_its_figures(log: Log, shell: Talking) -> None:
    log.seal(4, 3)
    told = shell.ok("audit", "verify")
    assert "rows 1 to 7 of the chain: 7 rows verified, all whole" in told
    assert "2 signed heads" in told


def test_the_result_is_itself_an_event(log: Log, shell: Talking) -> None:
    log.seal(2)
    shell.ok("audit", "verify")
    row = log.admin.execute("SELECT detail FROM audit_event WHERE operation = 'audit.verify'").fetchone()
    assert row is not None
    assert (row[0]["whole"], row[0]["rows"], row[0]["head"]) == (True, 2, log.verify().head)


def test_tampering_is_exit_status_one_and_names_the_row(log: Log, shell: Talking) -> None:
    log.seal(5)
    row = log.ids()[2]
    log.tamper(f"UPDATE audit_event SET actor_name = 'x' WHERE id = {row}")
    status, out, _ = shell.run("audit", "verify")
    assert status == 1
    assert out.startswith(f"changed row at row 3 of the chain: event {row} is not what was sealed\n")
    status, out, _ = shell.run("audit", "verify", "--json")
    assert status == 1
    assert '"kind": "changed row", "seq": 3' in out


def test_without_the_key_nothing_can_be_told(log: Log, shell: Talking) -> None:
    log.seal(1)
    log.keys.unlink()
    status, out, err = shell.run("audit", "verify")
    assert (status, out) == (3, "")
    assert "WHARF_AUDIT_KEY_FILE" in err


def test_a_log_that_was_never_sealed_needs_no_key(log: Log, shell: Talking) -> None:
    log.write(2)
    assert not log.keys.exists()
    assert "2 rows are not yet sealed" in shell.ok("audit", "verify")
    log.tamper("UPDATE audit_event SET ts = ts - interval '2 minutes'")
    status, out, _ = shell.run("audit", "verify")
    assert (status, "that is too long" in out) == (3, True)


def test_rows_that_wait_too_long_for_their_seal_are_no_whole_log(log: Log, shell: Talking) -> None:
    log.seal(1)
    log.write(1)
    told = shell.ok("audit", "verify")
    assert "1 rows are not yet sealed" in told
    log.tamper(
        "UPDATE audit_event SET ts = ts - interval '5 min' WHERE id = (SELECT max(id) FROM audit_event)"
    )
    status, out, _ = shell.run("audit", "verify")
    assert status == 3
    assert "is the shipper running" in out


def test_without_heads_it_says_what_it_cannot_see(log: Log, shell: Talking) -> None:
    log.seal(1)
    log.heads.unlink()
    assert "a cut end would not be seen" in shell.ok("audit", "verify")


def test_a_file_of_heads_that_is_not_there_is_refused(log: Log, shell: Talking) -> None:
    log.seal(1)
    assert "there is no file" in shell.refused("audit", "verify", "--heads", "/nowhere/heads")


def test_a_time_that_is_none_is_wrong_usage(shell: Talking) -> None:
    status, _, err = shell.run("audit", "verify", "--from", "yesterday")
    assert status == 2
    assert "write 2026-11-21" in err


def test_keys_are_shown_by_their_public_halves_and_renewed(log: Log, shell: Talking) -> None:
    log.seal(1)
    secret = log.keys.read_text().splitlines()[-1]
    assert secret not in shell.ok("audit", "key")
    assert "seals from now on" in shell.ok("audit", "rotate-key")
    newest = shell.json("audit", "key")[-1]
    assert [key["seals"] for key in shell.json("audit", "key")] == [False, True]
    row = log.admin.execute(
        "SELECT resource_name FROM audit_event WHERE operation = 'audit.rotate-key'"
    ).fetchone()
    assert row == (newest["id"],)
    log.seal(1)
    shell.ok("audit", "verify")


def test_what_a_restore_lost_is_accepted_on_record(log: Log, shell: Talking) -> None:
    log.seal(2, 2)
    log.tamper(
        "DELETE FROM audit_seal WHERE n = (SELECT max(n) FROM audit_seal)",
        "DELETE FROM audit_event WHERE id > 2",
    )
    told = shell.json("audit", "accept-restore")
    row = log.admin.execute(
        "SELECT resource_name FROM audit_event WHERE operation = 'audit.accept-restore'"
    ).fetchone()
    assert row == (f"row {told['seq']}",)


def test_it_can_be_sealed_by_hand(log: Log, shell: Talking) -> None:
    log.write(3)
    assert shell.ok("audit", "seal") == "3 rows sealed\n"


def test_a_dry_run_of_the_purge_lists_what_is_old(log: Log, shell: Talking) -> None:
    assert shell.ok("audit", "purge", "--dry-run") == "nothing is old enough\n"
    assert "at least 30 days" in shell.refused("audit", "purge", "--older-than", "7")


def test_a_legal_hold_refuses_the_purge(log: Log, shell: Talking, configure) -> None:
    configure(audit_legal_hold=True)
    assert "legal hold" in shell.refused("audit", "purge")
    configure(audit_legal_hold=False)
    assert "is queued" in shell.ok("audit", "purge", "--only", "pulls", "--older-than", "60")
