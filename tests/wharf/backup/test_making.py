"""`wharf backup`: what it copies, keeps, removes and refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clients import Login
from tests.images import image
from tests.instances import Instance
from tests.wharf.backup.drill import REPOSITORY, acts, backup, client

pytestmark = pytest.mark.services


def test_a_later_backup_copies_what_is_new_and_an_old_one_can_be_chosen(
    make_instance: Callable[..., Instance], served: tuple[Instance, Login], folder: Path
) -> None:
    instance, who = served
    target = folder / "backups"
    first = backup(instance, target)
    with client(instance, who) as registry:
        registry.push(REPOSITORY, "later", image({"new": b"layer"}))
    second = backup(instance, target)
    assert first["copied"] == first["blobs"]
    assert second["copied"] == 2  # a config and a layer
    name = Path(str(first["snapshot"])).name
    other = make_instance(data=folder / "other")
    assert other.command("restore", str(target), "--snapshot", name).returncode == 0
    other.start()
    with client(other, who) as registry:
        assert registry.pull_whole(REPOSITORY, "v1")
        assert registry.get_manifest(REPOSITORY, "later").status_code == 404
    third = backup(instance, target, "--keep", "2")
    assert third["removed"] == [name]
    refused = other.command("restore", str(target), "--snapshot", name)
    assert refused.returncode == 1
    assert "no snapshot" in refused.stderr


def test_blobs_that_no_kept_snapshot_names_are_removed(served: tuple[Instance, Login], folder: Path) -> None:
    instance, _ = served
    target = folder / "backups"
    made = backup(instance, target)
    stray = target / "blobs" / "ab" / ("ab" + "0" * 62 + ".0b0d1e2f-0000-4000-8000-000000000000")
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"of a snapshot that is gone")
    files = {path for path in (target / "blobs").rglob("*") if path.is_file()}
    backup(instance, target, "--keep", "1")
    left = {path for path in (target / "blobs").rglob("*") if path.is_file()}
    assert left == files - {stray}
    assert len(left) == made["blobs"]


def test_a_backup_is_closed_to_others_and_leaves_its_trace(
    served: tuple[Instance, Login], folder: Path
) -> None:
    instance, _ = served
    target = folder / "backups"
    backup(instance, target)
    assert [path for path in target.rglob("*") if path.stat().st_mode & 0o077] == []
    assert acts(instance) == ["backup.create"]
    again = instance.command("backup", str(instance.data))
    assert again.returncode == 1
    assert "other things" in again.stderr


def test_a_backup_needs_the_server(make_instance: Callable[..., Instance], folder: Path) -> None:
    done = make_instance().command("backup", str(folder / "backups"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "is the server up?" in done.stderr
