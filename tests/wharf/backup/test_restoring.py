"""Loss of everything, `wharf restore`, `wharf verify`: every tag pulls whole."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import session
from tests.e2e.clients import Login
from tests.images import Image, image
from tests.instances import Instance
from tests.wharf.backup.drill import REPOSITORY, acts, backup, client, stored, verdict

pytestmark = pytest.mark.services

KEY = "Zr8wX5vKf1nYd6uHg4mLpQe-b7Jq2-0t3sts-only"


def test_everything_lost_comes_back_whole(
    make_instance: Callable[..., Instance], served: tuple[Instance, Login], folder: Path
) -> None:
    instance, who = served
    target = folder / "backups"
    made = backup(instance, target)
    assert made["damaged"] == 0
    assert instance.stop() == 0
    shutil.rmtree(instance.data)

    done = instance.command("restore", str(target))
    assert done.returncode == 0, done.stderr
    assert "wharf verify" in done.stdout
    again = make_instance(port=instance.port)
    again.start()
    assert "Administrator" not in again.output  # the accounts are the restored ones
    # The event of the backup itself is younger than what it holds.
    assert acts(again) == ["backup.restore"]
    status, lines = verdict(again)
    assert status == 0, lines
    assert lines[-1]["summary"]["tags"] == 4  # type: ignore[index]
    with client(again, who) as registry:
        for tag in ("v0", "v1", "v2", "all"):
            assert registry.pull_whole(REPOSITORY, tag)
        registry.push(REPOSITORY, "after", image({"pushed": b"after the restore"}))
        assert registry.pull_whole(REPOSITORY, "after")


def test_a_backup_made_under_pushes_restores_to_one_moment(
    make_instance: Callable[..., Instance], served: tuple[Instance, Login], folder: Path
) -> None:
    instance, who = served
    stop = threading.Event()
    pushed: list[str] = []

    def push_on() -> None:
        with client(instance, who) as registry:
            while not stop.is_set():
                tag = f"run{len(pushed)}"
                registry.push(REPOSITORY, tag, image({"run": tag.encode() * 3000}))
                pushed.append(tag)

    pusher = threading.Thread(target=push_on)
    pusher.start()
    try:
        before = len(pushed)
        backup(instance, folder / "backups")
    finally:
        stop.set()
        pusher.join()
    assert len(pushed) > before  # it went on meanwhile
    other = make_instance(data=folder / "other")
    done = other.command("restore", str(folder / "backups"))
    assert done.returncode == 0, done.stderr
    other.start()
    assert verdict(other)[0] == 0


def test_a_backup_names_a_damaged_blob_and_keeps_the_good_copy_it_has(
    make_instance: Callable[..., Instance],
    served: tuple[Instance, Login],
    images: dict[str, Image],
    folder: Path,
) -> None:
    instance, who = served
    target = folder / "backups"
    backup(instance, target)
    flipped, lost = (stored(instance, images[tag].layers[1].hex) for tag in ("v1", "v2"))
    data = bytearray(flipped.read_bytes())
    data[-1] ^= 1
    flipped.write_bytes(bytes(data))
    lost.unlink()
    assert backup(instance, target)["damaged"] == 0  # both have their copies already
    fresh = instance.command("backup", str(folder / "fresh"))
    assert fresh.returncode == 1
    assert flipped.name in fresh.stderr
    assert lost.name in fresh.stderr
    status, lines = verdict(instance)
    assert status == 1
    assert {line["problem"] for line in lines[:-1]} == {"missing", "wrong bytes"}
    assert instance.stop() == 0
    done = instance.command("restore", str(target), "--replace")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in instance.data.glob("before-restore-*/postgres")] == ["postgres"]
    instance.start()
    assert verdict(instance)[0] == 0
    with client(instance, who) as registry:
        assert registry.pull_whole(REPOSITORY, "v1")
        assert registry.pull_whole(REPOSITORY, "v2")


def test_a_restore_refuses_what_would_destroy_or_not_work(
    served: tuple[Instance, Login], folder: Path
) -> None:
    instance, _ = served
    target = folder / "backups"
    backup(instance, target)

    def refusal(*arguments: str) -> str:
        done = instance.command("restore", *arguments)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        return done.stderr

    assert "another instance" in refusal(str(target), "--replace")
    assert instance.stop() == 0
    assert "is not empty" in refusal(str(target))
    assert "holds no finished backup" in refusal(str(folder))
    [manifest] = target.glob("snapshots/*/manifest.json")
    whole = manifest.read_text()
    document = json.loads(whole)
    manifest.write_text(
        json.dumps(document | {"migrations": [*document["migrations"], "artifacts.9999_later"]})
    )
    assert "newer Wharf" in refusal(str(target), "--replace")
    manifest.write_text(whole)
    with (manifest.parent / "database.dump").open("ab") as dump:
        dump.write(b"!")
    assert "damaged" in refusal(str(target), "--replace")
    assert (instance.data / "postgres" / "PG_VERSION").exists()


def test_a_backup_without_the_key_asks_for_it(
    make_instance: Callable[..., Instance], served: tuple[Instance, Login], folder: Path
) -> None:
    instance, who = served
    assert backup(instance, folder / "backups", "--without-secret-key")["key_included"] is False
    assert not list((folder / "backups").rglob("secret.key"))
    other = make_instance(data=folder / "other")
    refused = other.command("restore", str(folder / "backups"))
    assert refused.returncode == 1
    assert "secret key" in refused.stderr
    other.data.mkdir(mode=0o711)
    (other.data / "secret.key").write_bytes((instance.data / "secret.key").read_bytes())
    (other.data / "secret.key").chmod(0o600)
    done = other.command("restore", str(folder / "backups"))
    assert done.returncode == 0, done.stderr
    other.start()
    with client(other, who) as registry:
        assert registry.pull_whole(REPOSITORY, "v0")


def test_verify_looks_at_one_project_alone(served: tuple[Instance, Login], images: dict[str, Image]) -> None:
    instance, who = served
    assert instance.command("project", "create", "other").returncode == 0
    with client(instance, who) as registry:
        registry.push("other/app", "v", image({"only": b"here"}))
    stored(instance, images["v0"].layers[1].hex).unlink()
    assert verdict(instance, "--project", "other")[0] == 0
    status, lines = verdict(instance, "--project", "library")
    assert status == 1
    assert lines[0]["used_by"] == [f"{REPOSITORY}:v0"]
    assert instance.command("verify", "--project", "nowhere").returncode == 1


def test_an_external_database_goes_into_an_empty_one(
    make_instance: Callable[..., Instance], services: Path, app_database_url: str, folder: Path
) -> None:
    other = f"own_{os.urandom(4).hex()}"
    with session.superuser(services) as connection:
        connection.execute(f'CREATE DATABASE "{other}" OWNER wharf_owner')

    def at(url: str, data: str) -> Instance:
        urls = {
            "DATABASE": url,
            "MIGRATE_DATABASE": url.replace("wharf_app", "wharf_owner"),
            "REDIS": "unix:///none",
        }
        variables = {f"WHARF_{name}_URL": value for name, value in urls.items()}
        (folder / data).mkdir(mode=0o711)
        return make_instance(data=folder / data, environment=variables | {"WHARF_SECRET_KEY": KEY})

    source, target = (
        at(app_database_url, "one"),
        at(f"postgresql://wharf_app@/{other}?host={services / 'run'}", "two"),
    )
    assert source.command("project", "create", "kept").returncode == 0
    assert backup(source, folder / "backups")["key_included"] is False
    refused = source.command("restore", str(folder / "backups"))
    assert "the database is not empty" in refused.stderr
    done = target.command("restore", str(folder / "backups"))
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in json.loads(target.command("project", "list", "--json").stdout)] == ["kept"]
    target.environment["WHARF_SECRET_KEY"] = KEY[::-1]
    assert "secret key" in target.command("restore", str(folder / "backups")).stderr
