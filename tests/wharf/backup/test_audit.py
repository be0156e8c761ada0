"""The audit log of a registry that was lost verifies after the restore, and goes on."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients import Login
from tests.instances import Instance
from tests.wharf.backup.drill import backup

pytestmark = pytest.mark.services


def verified(instance: Instance) -> dict[str, Any]:
    """What `wharf audit verify` says, once everything that was there is sealed."""
    deadline = time.monotonic() + 60
    while True:
        done = instance.command("audit", "verify", "--json")
        told: dict[str, Any] = json.loads(done.stdout)
        # Rows of a registry that stood still for a while are late until its sealer has come to them.
        if not told["not_yet_sealed"] or time.monotonic() > deadline:
            assert done.returncode == 0, done.stdout + done.stderr
            return told
        time.sleep(1)


def test_a_restored_log_verifies_and_goes_on(
    make_instance: Callable[..., Instance], served: tuple[Instance, Login], folder: Path
) -> None:
    instance, _ = served
    before = verified(instance)
    assert before["rows"] > 5
    backup(instance, folder / "backups")
    verified(instance)
    assert instance.stop() == 0
    keys, heads = instance.data / "audit" / "keys", instance.data / "audit" / "heads.jsonl"
    assert keys.stat().st_mode & 0o777 == 0o600
    saved = heads.read_text()

    assert instance.command("restore", str(folder / "backups"), "--replace").returncode == 0
    assert heads.read_text().startswith(saved)  # what was signed stays
    again = make_instance(data=instance.data, port=instance.port)
    again.start()
    after = verified(again)
    assert after["rows"] >= before["rows"]
    found = json.loads(again.command("audit", "search", "--json", "--limit", "1").stdout)
    # A syslog server may know the ids that were given after the backup.
    assert found["entries"][0]["id"] > 1_000_000_000
    assert again.stop() == 0

    shutil.rmtree(instance.data)
    assert instance.command("restore", str(folder / "backups")).returncode == 0
    anew = make_instance(data=instance.data, port=instance.port)
    anew.start()
    assert verified(anew)["rows"] >= before["rows"]
