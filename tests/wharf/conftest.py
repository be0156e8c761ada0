"""Instances for the tests of the front door."""

from __future__ import annotations

import shutil
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
        instance.end()


@pytest.fixture
def instance(make_instance: MakeInstance) -> Instance:
    """Not started yet, on data that has been started before."""
    return make_instance(ready=True)
