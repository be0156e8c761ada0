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


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As in a shell on a machine where nothing runs."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WHARF_")}
    return subprocess.run(
        [sys.executable, "-c", "from wharf.cli import main; main()", *arguments],
        env=environment | {"WHARF_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_mistyped_command_is_answered_with_the_nearest(tmp_path: Path) -> None:
    done = run(tmp_path, "tokn", "list")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "wharf: no command 'tokn': did you mean 'token'? (wharf --help)\n"


def test_the_version_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("wharf ")


def test_where_no_wharf_runs_that_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "user", "list")
    assert done.returncode == 1
    assert done.stderr == (
        f"wharf: no Wharf is running on {tmp_path / 'data'} (WHARF_DATA): start it with bin/up, or set WHARF_DATA\n"
    )
