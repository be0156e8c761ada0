"""docker and podman push and pull by https through nginx, and trust nothing but the throwaway authority."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import RequireTool
from tests.deploy.conftest import NAME, Front
from tests.e2e import daemon
from tests.e2e.clients import INSTALL_LINE, ClientError, Containers, Docker, Login, Podman, find
from tests.e2e.daemon import DockerDaemon
from tests.images import Image, image, write_docker_archive

# Larger than what the registry answers itself: nginx sends it.
PAYLOAD = os.urandom(700_000)


class NamedDaemon(DockerDaemon):
    """dockerd that sees its own /etc/hosts and /etc/docker, in a mount namespace of its own."""

    def __init__(self, front: Front) -> None:
        super().__init__()
        hosts = self.root / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n::1 {NAME}\n")
        trusted = self.root / "etc" / "certs.d" / f"{NAME}:{front.nginx.tls_port}"
        trusted.mkdir(parents=True)
        shutil.copy(front.issued.authority, trusted / "ca.crt")
        self.wrapper = self.root / "dockerd"
        mounts = f"mount --bind {hosts} /etc/hosts; mount --bind {self.root}/etc /etc/docker"
        inside = f'set -e; mkdir -p /etc/docker; {mounts}; exec {find("dockerd")} "$@"'
        self.wrapper.write_text(f"#!/bin/sh\nexec unshare --mount /bin/sh -c '{inside}' dockerd \"$@\"\n")
        self.wrapper.chmod(0o755)

    def start(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(daemon, "find", lambda _program: str(self.wrapper))
            super().start()


@pytest.fixture(scope="module")
def dockerd(front: Front, require_tool: RequireTool) -> Iterator[NamedDaemon]:
    for program in ("dockerd", "docker", "containerd", "runc"):
        require_tool(program, INSTALL_LINE)
    named = NamedDaemon(front)
    try:
        named.start()
        yield named
    finally:
        named.stop()


@pytest.fixture
def docker(dockerd: NamedDaemon, front: Front, tmp_path: Path) -> Docker:
    return Docker(tmp_path / "docker", f"{NAME}:{front.nginx.tls_port}", dockerd.socket)


class SecurePodman(Podman):
    """podman that knows no insecure registry."""

    def __init__(self, home: Path, front: Front) -> None:
        super().__init__(home, front.host)
        Path(self.environment["CONTAINERS_REGISTRIES_CONF"]).write_text(
            "unqualified-search-registries = []\n"
        )
        self.trust: tuple[str, ...] = ("--cert-dir", str(front.issued.authority.parent))

    def login(self, who: Login) -> str:
        arguments = ("login", *self.trust, "--username", who.username, "--password-stdin", self.host)
        return self.run(*arguments, stdin=who.password)


@pytest.fixture
def podman(front: Front, require_tool: RequireTool, tmp_path: Path) -> SecurePodman:
    require_tool("podman", INSTALL_LINE)
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    made = SecurePodman(tmp_path / "podman", front)
    shutil.copy(front.issued.authority, trusted / "ca.crt")
    # The authority's own folder holds the server's key too, which podman would offer as a client's.
    made.trust = ("--cert-dir", str(trusted))
    return made


def loaded(client: Docker | Containers, folder: Path, name: str) -> Image:
    made = image({"content": PAYLOAD, "unique": os.urandom(16)}, docker=isinstance(client, Docker))
    client.run("load", "--input", str(write_docker_archive(folder / "image.tar", made, name)))
    return made


def test_docker_pushes_and_pulls_the_same_image(
    docker: Docker, project: str, developer: Login, tmp_path: Path
) -> None:
    name = docker.name(f"{project}/app:1")
    made = loaded(docker, tmp_path, name)
    assert "Login Succeeded" in docker.login(developer)
    assert "digest: sha256:" in docker.run("push", name)
    docker.forget(name)
    docker.run("pull", name)
    assert docker.image_id(name) == made.config.digest


def test_podman_pushes_and_pulls_the_same_image(
    podman: SecurePodman, project: str, developer: Login, tmp_path: Path
) -> None:
    name = podman.name(f"{project}/app:1")
    made = loaded(podman, tmp_path, name)
    assert "Login Succeeded" in podman.login(developer)
    podman.run("push", *podman.trust, name)
    podman.run("rmi", "--force", name)
    podman.run("pull", *podman.trust, name)
    identity = podman.run("image", "inspect", "--format", "{{.Id}}", name).strip()
    assert f"sha256:{identity}" == made.config.digest


def test_podman_refuses_the_registry_without_its_authority(podman: SecurePodman, developer: Login) -> None:
    podman.trust = ()
    with pytest.raises(ClientError, match="certificate signed by unknown authority"):
        podman.login(developer)
