"""The probes say the truth about the database and the store, and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable

import pytest

from tests.instances import Instance, joined

pytestmark = pytest.mark.services


def test_readiness_follows_the_store(instance: Instance) -> None:
    instance.start()
    storage = instance.data / "storage"
    moved = storage.rename(storage.with_name("away"))
    assert instance.get("/readyz") == (503, '{"ok": false, "database": true, "storage": false}\n')
    assert instance.get("/livez") == (200, '{"ok": true}\n')
    shutil.move(moved, storage)
    assert instance.get("/readyz")[0] == 200


def test_a_halted_database_makes_it_unready_but_alive_and_it_recovers(instance: Instance) -> None:
    instance.start()
    database = instance.child("bin/postgres")
    pid_file = instance.data / "postgres" / "postmaster.pid"
    # The supervisor would start it again at once: let it find a socket folder it cannot use for a while.
    run = instance.data / "run"
    run.rename(run.with_name("away"))
    os.kill(database, signal.SIGKILL)
    instance.wait_for("/readyz", 503)
    assert instance.get("/livez")[0] == 200
    run.with_name("away").rename(run)
    instance.wait_for("/readyz", 200)
    assert pid_file.exists()


def test_a_face_the_role_does_not_serve_is_not_there(
    instance: Instance, make_instance: Callable[..., Instance]
) -> None:
    instance.start()
    for role, registry, web in (("registry", 401, 404), ("web", 404, 200)):
        other = make_instance(data=instance.data.with_name(role), environment=joined(instance.data, role))
        other.start()
        assert (other.get("/v2/")[0], other.get("/")[0], other.get("/readyz")[0]) == (registry, web, 200)
