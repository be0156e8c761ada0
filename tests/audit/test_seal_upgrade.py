"""A log that was written before there were seals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.audit.sealing import Log

ROOT = Path(__file__).resolve().parents[2]
MIGRATE = """
import sys, django
django.setup()
from django.core.management import call_command
call_command("migrate", "audit", *sys.argv[1:], verbosity=0)
"""


def migrate(log: Log, *name: str) -> None:
    owner = log.url.replace("wharf_app", "wharf_owner")
    done = subprocess.run(
        [sys.executable, "-c", MIGRATE, *name],
        cwd=ROOT,
        env=os.environ | {"WHARF_DATABASE_URL": owner, "WHARF_MIGRATE_DATABASE_URL": owner},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_was_written_before_the_upgrade_is_sealed_after_it(log: Log):
    migrate(log, "0002")
    log.write(12_000)  # more than one block, and all of them get the migration's transaction
    log.write(3)
    migrate(log)
    assert log.seal(5) == 12_008
    report = log.verify(heads=log.heads)
    assert (report.found, report.rows, report.blocks) == (0, 12_008, 4)
