"""deploy/Dockerfile built from nothing but Debian packages and wheels, and its containers serving behind nginx.

Minutes of building: part of the stress lane. Needs a Debian mirror and a Python package index, on the host alone.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import RequireTool
from tests.deploy.certificates import issue
from tests.deploy.conftest import Front
from tests.deploy.external import ExternalServices
from tests.deploy.nginx import INSTALL_LINE as NGINX_LINE
from tests.deploy.nginx import Nginx
from tests.deploy.ports import free_port
from tests.deploy.roles import CHECKOUT, Roles
from tests.e2e.clients import INSTALL_LINE, Buildah, Login, Podman
from tests.images import image as make_image

pytestmark = [
    pytest.mark.stress,
    pytest.mark.skipif(os.geteuid() != 0, reason="building a root file system needs root: run as root"),
]
MMDEBSTRAP_LINE = "apt-get install -y --no-install-recommends mmdebstrap"
BASE, IMAGE = "localhost/bookworm:base", "localhost/wharf:test"
PACKAGES = "python3,python3-venv,ca-certificates"
UID = 10001
# What the kernel and runc of a test machine take; the restrictions are those of docker-compose.yml.
RUNTIME = (
    "--runtime",
    "runc",
    "--ulimit",
    "nofile=1024:1024",
    "--ulimit",
    "nproc=2048:2048",
    "--network",
    "host",
)
RESTRICTED = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "all", "--security-opt", "no-new-privileges")


@dataclass(frozen=True, slots=True)
class Machine:
    """podman with the built image in its store, and how to run it."""

    podman: Podman

    def run(self, *arguments: str, options: tuple[str, ...] = ()) -> str:
        return self.podman.run("run", "--rm", *RUNTIME, *RESTRICTED, *options, IMAGE, *arguments)

    def refused(self, *arguments: str) -> str:
        return self.podman.refused("run", "--rm", *RUNTIME, *RESTRICTED, IMAGE, *arguments)


@pytest.fixture(scope="module")
def machine(require_tool: RequireTool) -> Iterator[Machine]:
    for program, line in (
        ("mmdebstrap", MMDEBSTRAP_LINE),
        ("buildah", INSTALL_LINE),
        ("podman", INSTALL_LINE),
    ):
        require_tool(program, line)
    home = Path(tempfile.mkdtemp(prefix="wharf-image-", dir="/tmp"))
    try:
        build(home)
        # podman run wants the file it was told of, even for a local image.
        (home / "auth.json").write_text("{}")
        yield Machine(Podman(home, "localhost"))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def build(home: Path) -> None:
    """A base by mmdebstrap, wheels by pip, then the Dockerfile: the build itself asks no network for anything."""
    buildah, base, wheels = Buildah(home, "localhost"), home / "base", home / "wheels"
    base.mkdir()
    (base / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n")
    bootstrap = ["mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", f"--include={PACKAGES}"]
    subprocess.run([*bootstrap, "bookworm", str(base / "base.tar")], check=True, cwd=home)
    only = ("--only-binary", ":all:", "--python-version", "3.11", "--require-hashes")
    download = [sys.executable, "-m", "pip", "download", "--quiet", *only, "--dest", str(wheels)]
    subprocess.run([*download, "-r", str(CHECKOUT / "requirements" / "base.txt")], check=True)
    quiet = ("--quiet", "--isolation", "chroot", "--pull-never")
    buildah.run("bud", *quiet, "--tag", BASE, str(base), timeout=300)
    arguments = ("--build-arg", f"BASE={BASE}", "--build-arg", "PIP_OPTIONS=--no-index --find-links /wheels")
    context = ("--build-context", f"wheels={wheels}", "--file", str(CHECKOUT / "deploy" / "Dockerfile"))
    buildah.run("bud", *quiet, *arguments, *context, "--tag", IMAGE, str(CHECKOUT), timeout=600)


def test_the_image_runs_as_nobody_in_particular_and_holds_no_compiler(machine: Machine) -> None:
    assert machine.run("id", "-u").strip() == str(UID)
    found = machine.run("sh", "-c", "command -v gcc cc g++ make pip pip3 apt-key || true")
    assert found.strip() in ("", "/usr/bin/apt-key")
    assert "Read-only file system" in machine.refused("touch", "/opt/wharf/written")


def test_a_role_without_its_settings_is_refused_in_one_line(machine: Machine) -> None:
    options = ("--env", "WHARF_ROLE=registry")
    message = machine.podman.refused("run", "--rm", *RUNTIME, *RESTRICTED, *options, IMAGE)
    assert "WHARF_SECRET_KEY and WHARF_DATABASE_URL and WHARF_REDIS_URL must be set" in message


@pytest.fixture
def own_services() -> Iterator[ExternalServices]:
    """Servers of this installation alone: a database belongs to one storage."""
    services = ExternalServices()
    try:
        services.start()
        yield services
    finally:
        services.stop()


@pytest.fixture
def containers(
    machine: Machine, own_services: ExternalServices, require_tool: RequireTool
) -> Iterator[Front]:
    """docker-compose.yml by hand: a container for each role, nginx of the host before them."""
    require_tool("nginx", NGINX_LINE)
    root = Path(tempfile.mkdtemp(prefix="wharf-roles-", dir="/tmp"))
    root.chmod(0o755)
    tls, plain = free_port(), free_port()
    issued = issue(root / "tls", "127.0.0.1")
    roles = Roles(root, own_services, f"https://127.0.0.1:{tls}")
    folders = {root / "data": "/var/lib/wharf", roles.sockets: "/run/wharf"}
    for folder in folders:
        folder.mkdir(exist_ok=True)
        os.chown(folder, UID, UID)
    volumes = tuple(part for here, there in folders.items() for part in ("--volume", f"{here}:{there}"))
    nginx = Nginx(
        root / "nginx", tls, plain, roles.sockets, root / "tls", root / "data" / "storage" / "blobs"
    )
    names: list[str] = []
    try:
        printed = machine.run("wharf", "prepare", options=(*volumes, *settings(roles, prepare=True)))
        if "administrator" in printed:
            roles.admin = Login("admin", printed.partition("admin / ")[2].split()[0])
        for role in ("registry", "web", "worker", "beat", "shipper"):
            names.append(f"{role}-{secrets.token_hex(3)}")
            given = (*volumes, *settings(roles), "--env", f"WHARF_ROLE={role}")
            bound = ("--env", f"WHARF_BIND=unix:/run/wharf/{role}.sock")
            machine.podman.run(
                "run", "--detach", "--name", names[-1], *RUNTIME, *RESTRICTED, *given, *bound, IMAGE
            )
        wait_ready(machine, *names[:2])
        nginx.start()
        yield Front(roles, nginx, issued, f"127.0.0.1:{tls}", names[0], "")
        assert stopped(machine, names) == dict.fromkeys(names, 0)
    finally:
        nginx.stop()
        machine.podman.try_run("rm", "--force", *names)
        shutil.rmtree(root, ignore_errors=True)


def settings(roles: Roles, *, prepare: bool = False) -> tuple[str, ...]:
    """The options that give a container the environment of the roles."""
    given = {name: value for name, value in roles.environment().items() if name.startswith("WHARF_")}
    given |= roles.owner if prepare else {}
    del given["WHARF_DATA"]
    return tuple(part for name, value in given.items() for part in ("--env", f"{name}={value}"))


def wait_ready(machine: Machine, *names: str) -> None:
    deadline = time.monotonic() + 60
    for name in names:
        while machine.podman.try_run("exec", name, "wharf", "ready").returncode != 0:
            assert time.monotonic() < deadline, machine.podman.try_run("logs", name).stdout
            time.sleep(0.5)


def stopped(machine: Machine, names: list[str]) -> dict[str, int]:
    """Exit status of each container after SIGTERM; 137 would mean that it had to be killed."""
    machine.podman.run("stop", "--time", "60", *names)
    facts = json.loads(machine.podman.run("inspect", *names))
    return {fact["Name"]: int(fact["State"]["ExitCode"]) for fact in facts}


def test_containers_of_each_role_take_a_push_and_give_it_back(
    containers: Front, machine: Machine, tmp_path: Path
) -> None:
    pushed = make_image({"content": os.urandom(700_000)})
    machine.podman.run("exec", containers.bare, "wharf", "project", "create", "boxed")
    with containers.client(containers.roles.admin) as registry:
        registry.push("boxed/app", "1", pushed)
        assert registry.pull_whole("boxed/app", "1")[0] == pushed.digest
        assert registry.http.get("/").status_code == 200
