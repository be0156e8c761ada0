"""Instances for the tests of the front door."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.instances import Instance

MakeInstance = Callable[..., Instance]


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every user may pass through (pytest's own tmp_path is closed to others)."""
    path = Path(tempfile.mkdtemp(prefix="wharf-door-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def make_instance(folder: Path) -> Iterator[MakeInstance]:
    """`make_instance(...)` with Instance's arguments; its data folder is <folder>/data unless given."""
    made: list[Instance] = []

    def make(**arguments: object) -> Instance:
        made.append(Instance(**{"data": folder / "data", **arguments}))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for instance in made:
        _end(instance)
        if instance.output_file is not None:
            instance.output_file.unlink()


def _end(instance: Instance) -> None:
    if instance.process is None or instance.process.poll() is not None:
        return
    instance.stop(signal.SIGTERM)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(instance.pid, signal.SIGKILL)
