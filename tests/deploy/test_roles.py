"""`wharf serve` and `wharf prepare`: what they refuse, where they listen, and how they stop."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.conftest import Front
from tests.deploy.roles import CHECKOUT, refuses_connections

COMPLETE = {
    "WHARF_ROLE": "registry",
    "WHARF_SECRET_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c",
    "WHARF_DATABASE_URL": "postgresql://wharf_app@127.0.0.1:1/wharf",
    "WHARF_REDIS_URL": "redis://127.0.0.1:1/0",
}


def wharf(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command that must end by itself, with no WHARF_ variable but the given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WHARF_", "DJANGO_"))}
    command = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
    environment = kept | {"WHARF_DATA": str(folder / "data")} | variables
    return subprocess.run(
        command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("command", ["serve", "prepare"])
@pytest.mark.parametrize("name", ["WHARF_SECRET_KEY", "WHARF_DATABASE_URL", "WHARF_REDIS_URL"])
def test_a_role_refuses_to_start_without_what_all_roles_share(
    tmp_path: Path, command: str, name: str
) -> None:
    done = wharf(tmp_path, command, **{key: value for key, value in COMPLETE.items() if key != name})
    assert (done.returncode, done.stderr) == (
        1,
        f"wharf: {name} must be set, the same for every role and host\n",
    )
    assert not (tmp_path / "data" / "secret.key").exists()


def test_serve_wants_to_know_which_role(tmp_path: Path) -> None:
    done = wharf(tmp_path, "serve", **(COMPLETE | {"WHARF_ROLE": "all"}))
    assert done.returncode == 1
    assert "set WHARF_ROLE to registry, web, worker, beat or shipper" in done.stderr


def test_an_example_key_is_no_key(tmp_path: Path) -> None:
    done = wharf(tmp_path, "serve", **(COMPLETE | {"WHARF_SECRET_KEY": "change-me-" * 5}))
    assert done.returncode == 2
    assert "is an example value" in done.stderr


def test_a_socket_somebody_answers_on_is_not_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "taken.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        done = wharf(tmp_path, "serve", **(COMPLETE | {"WHARF_BIND": f"unix:{path}"}))
    assert done.returncode == 1
    assert f"another server listens on {path}" in done.stderr


def test_a_relative_socket_is_refused(tmp_path: Path) -> None:
    done = wharf(tmp_path, "serve", **(COMPLETE | {"WHARF_BIND": "unix:here.sock"}))
    assert done.returncode == 2
    assert "unix:/absolute/path" in done.stderr


def test_only_our_user_and_group_may_open_the_socket_and_a_restart_takes_over_a_dead_one(
    front: Front,
) -> None:
    path = front.roles.sockets / "spare.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    front.roles.start("spare", "web")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert front.roles.stop("spare") == 0
    assert refuses_connections(path)


def test_ready_says_whether_the_server_of_this_environment_is(front: Front) -> None:
    bound = f"unix:{front.roles.sockets}/registry.sock"
    assert front.roles.run("ready", WHARF_BIND=bound).returncode == 0
    assert front.roles.run("ready", "--alive", WHARF_BIND=bound).stdout == "ready\n"
    assert front.roles.run("ready", WHARF_BIND=f"unix:{front.roles.sockets}/none.sock").returncode == 1


def test_a_second_prepare_changes_nothing_and_shows_no_password(front: Front) -> None:
    assert front.roles.prepare() == "wharf: database and storage are ready\n"


@pytest.mark.parametrize(
    ("role", "words"),
    [("worker", "Connected to"), ("beat", "beat: Starting"), ("shipper", "shipping pulls")],
)
def test_workers_clock_and_shipper_end_by_sigterm_with_status_0(front: Front, role: str, words: str) -> None:
    front.roles.start(f"second-{role}", role, WHARF_DATA=str(front.roles.root / f"second-{role}"))
    front.roles.wait_logged(f"second-{role}", words)
    assert front.roles.stop(f"second-{role}") == 0
