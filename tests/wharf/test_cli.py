"""The command line as shells use it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(tmp_path: Path) -> None:
    """As in `wharf openapi | head`."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WHARF_")}
    command = [sys.executable, "-c", "from wharf.cli import main; main(['openapi'])"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment | {"WHARF_DATA": str(tmp_path / "data")},
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    assert process.returncode == 128 + signal.SIGPIPE
