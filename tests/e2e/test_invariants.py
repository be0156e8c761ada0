"""The checker itself: it is silent about a healthy server and speaks of each kind of damage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import invariants
from tests.e2e.conftest import Project
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf
from tests.images import Image, image

DAMAGES = {
    "I1": "UPDATE artifact SET payload = payload || ' '::bytea",
    "I2": "UPDATE blob SET size = size + 1",
    "I4: project": "UPDATE project_blob SET n_links = n_links + 1",
    "I4: quota": "UPDATE quota SET used = used + 1",
}


@pytest.fixture
def pushed(project: Project, admin: Registry) -> Image:
    """An image in a project of this test, so that there is something to damage."""
    made = image({"checked": project.name.encode()})
    admin.push(f"{project.name}/checked", "1", made)
    return made


@pytest.fixture
def layer_file(live: Wharf, pushed: Image) -> Iterator[Path]:
    """The stored file of the image's layer; put back afterwards."""
    hex_digest = pushed.layers[0].hex
    [path] = (live.store / "blobs").glob(f"*/{hex_digest}.*")
    data = path.read_bytes()
    yield path
    path.write_bytes(data)


def found(live: Wharf) -> list[str]:
    with live.database() as connection:
        return invariants.broken(connection, live.store)


def test_a_healthy_server_breaks_no_invariant(live: Wharf, pushed: Image) -> None:
    assert found(live) == []


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_in_the_database_is_seen(live: Wharf, pushed: Image, kind: str) -> None:
    with live.database() as connection:
        connection.autocommit = False
        connection.execute(DAMAGES[kind].encode())
        seen = invariants.broken(connection, live.store)
        connection.rollback()
    assert any(line.startswith(kind) for line in seen), seen


def test_a_missing_file_is_seen(live: Wharf, layer_file: Path) -> None:
    layer_file.unlink()
    assert {line[:2] for line in found(live)} == {"I1", "I2"}


def test_a_flipped_byte_is_seen(live: Wharf, layer_file: Path) -> None:
    data = bytearray(layer_file.read_bytes())
    data[len(data) // 2] ^= 1
    layer_file.write_bytes(data)
    assert [line[:2] for line in found(live)] == ["I1"]


@pytest.mark.parametrize("folder", ["blobs/ab", "uploads"])
def test_a_file_that_nobody_knows_is_seen(live: Wharf, pushed: Image, folder: str) -> None:
    stray = live.store / folder / "stray"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"?")
    try:
        assert [line[:2] for line in found(live)] == ["I3"]
    finally:
        stray.unlink()
