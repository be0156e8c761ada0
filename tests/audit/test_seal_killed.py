"""The sealer may be killed at any instruction."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.audit.sealing import Log

ROOT = Path(__file__).resolve().parents[2]
SEALER = """
from wharf import shipper
shipper.set_up()
from audit.seal import sealer
sealer.BLOCK_ROWS = 20
sealer.HEAD_SECONDS, sealer.STEP_SECONDS = 0.0, 0.1
print("ready", flush=True)
while True:
    sealer.step()
"""


@pytest.mark.services
@pytest.mark.parametrize("kills", [4, pytest.param(40, marks=pytest.mark.stress)])
def test_a_sealer_that_is_killed_again_and_again_leaves_a_whole_chain(log: Log, kills: int):
    here = {
        "WHARF_DATABASE_URL": log.url,
        "WHARF_AUDIT_KEY_FILE": str(log.keys),
        "WHARF_AUDIT_HEADS": str(log.heads),
    }
    written = 0
    for number in range(kills):
        with subprocess.Popen(
            [sys.executable, "-c", SEALER],
            cwd=ROOT,
            env=os.environ | here,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as sealer:
            assert sealer.stdout is not None
            assert sealer.stdout.readline() == b"ready\n"
            until = time.monotonic() + 0.7 + number % 7 * 0.03
            while time.monotonic() < until:
                log.write(7)
                written += 7
            sealer.kill()
        report = log.verify(heads=log.heads if log.heads.exists() else None)
        assert report.found == 0, report.problems
        assert report.rows + report.pending == written
    log.seal()
    report = log.verify(heads=log.heads)
    assert (report.found, report.rows, report.pending) == (0, written, 0)
    assert report.blocks > kills
    assert report.heads > 1
