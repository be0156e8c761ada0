"""A registry with something in it, and what a person does to it in a drill."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg

from tests.e2e.clients import Login
from tests.e2e.registry import Registry
from tests.instances import Instance
from wharf.layout import DataLayout

REPOSITORY = "library/app"


def client(instance: Instance, who: Login) -> Registry:
    return Registry(f"http://127.0.0.1:{instance.port}", who)


def backup(instance: Instance, target: Path, *more: str) -> dict[str, object]:
    done = instance.command("backup", str(target), "--json", *more)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def verdict(instance: Instance, *more: str) -> tuple[int, list[dict[str, object]]]:
    """Exit status and lines of `wharf verify --json`, the summary last."""
    done = instance.command("verify", "--json", *more)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def acts(instance: Instance) -> list[str]:
    """The operations that the audit trail names for backups, in order."""
    query = "SELECT operation FROM audit_event WHERE operation LIKE 'backup.%' ORDER BY id"
    with psycopg.connect(DataLayout(instance.data).database_url("wharf_app")) as connection:
        return [str(row[0]) for row in connection.execute(query)]


def stored(instance: Instance, hex_digest: str) -> Path:
    [path] = (instance.data / "storage" / "blobs").glob(f"*/{hex_digest}.*")
    return path
