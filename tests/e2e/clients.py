"""Thin typed wrappers around the real clients; each keeps its whole state under one folder.

Every call is a subprocess with a time limit. A call that fails raises `ClientError` with the command,
its exit code and both outputs, so that a red test shows what a person would have seen.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

DEBIAN_PACKAGES = "skopeo buildah podman runc docker.io iptables"
INSTALL_LINE = f"apt-get install -y --no-install-recommends {DEBIAN_PACKAGES}"
ACCEPT_ANYTHING = '{"default": [{"type": "insecureAcceptAnything"}]}'


class ClientError(AssertionError):
    """A client ended with another exit code than expected; `output` holds stdout and stderr."""

    def __init__(self, command: Sequence[str], code: int, output: str) -> None:
        super().__init__(f"{' '.join(command)}\nexit code {code}\n{output}")
        self.output = output


@dataclass(frozen=True, slots=True)
class Login:
    """A user name with its password."""

    username: str
    password: str


def find(program: str) -> str:
    """The path of an installed program; Debian's own before any other copy on PATH.

    Raises FileNotFoundError with the install line when there is none.
    """
    found = shutil.which(program, path="/usr/bin:/usr/sbin:/bin:/sbin") or shutil.which(program)
    if found is None:
        raise FileNotFoundError(f"{program} is missing; install it with: {INSTALL_LINE}")
    return found


class Client:
    """What all clients share: a home folder of their own and an environment made from nothing."""

    program: ClassVar[str]

    def __init__(self, home: Path, host: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.host = host

    @property
    def environment(self) -> dict[str, str]:
        """The variables the client runs with; nothing of the caller's environment leaks in."""
        return {"PATH": os.defpath + ":/usr/sbin:/sbin", "HOME": str(self.home), "TMPDIR": str(self.home)}

    def command(self, *arguments: str) -> list[str]:
        """The full command line of one call."""
        return [find(self.program), *arguments]

    def try_run(
        self, *arguments: str, stdin: str = "", timeout: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        """Run one command; stdout and stderr come back together, in the order they were written."""
        return subprocess.run(
            self.command(*arguments),
            input=stdin,
            env=self.environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )

    def run(self, *arguments: str, stdin: str = "", timeout: float = 120.0) -> str:
        """The output of a command that must succeed. Raises ClientError."""
        done = self.try_run(*arguments, stdin=stdin, timeout=timeout)
        if done.returncode != 0:
            raise ClientError(self.command(*arguments), done.returncode, done.stdout)
        return done.stdout

    def refused(self, *arguments: str, stdin: str = "", timeout: float = 120.0) -> str:
        """The message of a command that must fail. Raises ClientError when it succeeds."""
        done = self.try_run(*arguments, stdin=stdin, timeout=timeout)
        if done.returncode == 0:
            raise ClientError(self.command(*arguments), 0, "was expected to fail\n" + done.stdout)
        return done.stdout

    def name(self, repository: str) -> str:
        """The full name of a repository, "127.0.0.1:5000/project/name"."""
        return f"{self.host}/{repository}"

    def login(self, who: Login) -> str:
        """Log in the way people do in scripts: the password on stdin."""
        arguments = ("login", "--username", who.username, "--password-stdin", self.host)
        return self.run(*arguments, stdin=who.password)


class Docker(Client):
    """The docker command line, talking to our own daemon."""

    program = "docker"

    def __init__(self, home: Path, host: str, socket: Path) -> None:
        super().__init__(home, host)
        self.socket = socket

    @property
    def environment(self) -> dict[str, str]:
        return {
            **super().environment,
            "DOCKER_HOST": f"unix://{self.socket}",
            "DOCKER_CONFIG": str(self.home / "docker"),
        }

    def image_id(self, name: str) -> str:
        """The id (config digest) of a local image."""
        return self.run("image", "inspect", "--format", "{{.Id}}", name).strip()

    def repo_digest(self, name: str) -> str:
        """The manifest digest the daemon remembers for a pulled or pushed image."""
        lines = self.run("image", "inspect", "--format", "{{json .RepoDigests}}", name)
        digests: list[str] = json.loads(lines)
        repository = name.rpartition(":")[0]
        return next(line.partition("@")[2] for line in digests if line.startswith(repository + "@"))

    def forget(self, *names: str) -> None:
        """Remove local images, so that the next pull must fetch them."""
        self.run("rmi", "--force", *names)


class Containers(Client):
    """What podman, skopeo and buildah share: containers/image and containers/storage settings."""

    def __init__(self, home: Path, host: str) -> None:
        super().__init__(home, host)
        settings = home / ".config" / "containers"
        settings.mkdir(parents=True, exist_ok=True)
        (home / "run").mkdir(mode=0o700, exist_ok=True)
        (settings / "policy.json").write_text(ACCEPT_ANYTHING)
        storage = f'driver = "vfs"\ngraphroot = "{home}/storage"\nrunroot = "{home}/run/storage"\n'
        (settings / "storage.conf").write_text("[storage]\n" + storage)
        registry = f'unqualified-search-registries = []\n[[registry]]\nlocation = "{host}"\ninsecure = true\n'
        (settings / "registries.conf").write_text(registry)

    @property
    def environment(self) -> dict[str, str]:
        settings = self.home / ".config" / "containers"
        return {
            **super().environment,
            "XDG_RUNTIME_DIR": str(self.home / "run"),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "REGISTRY_AUTH_FILE": str(self.home / "auth.json"),
            "CONTAINERS_STORAGE_CONF": str(settings / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(settings / "registries.conf"),
        }

    def login(self, who: Login) -> str:
        arguments = ("login", "--tls-verify=false", "--username", who.username, "--password-stdin", self.host)
        return self.run(*arguments, stdin=who.password)


class Podman(Containers):
    """podman with a vfs store of its own."""

    program = "podman"


class Buildah(Containers):
    """buildah with a vfs store of its own."""

    program = "buildah"


class Skopeo(Containers):
    """skopeo; `docker` gives the transport name of a repository here."""

    program = "skopeo"

    @property
    def environment(self) -> dict[str, str]:
        # As root it remembers blob locations in /var/lib/containers; a user's cache lies in its home.
        return {**super().environment, "_CONTAINERS_ROOTLESS_UID": "1000", "XDG_DATA_HOME": str(self.home)}

    def docker(self, repository: str) -> str:
        """The "docker://host/repository" name of a repository of the registry under test."""
        return f"docker://{self.name(repository)}"

    def copy(self, source: str, target: str, *options: str) -> str:
        """`skopeo copy` between any two places, over plain HTTP."""
        plain = ("--src-tls-verify=false", "--dest-tls-verify=false")
        return self.run("copy", *plain, *options, source, target)
