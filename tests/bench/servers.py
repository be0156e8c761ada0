"""The registries that are measured: our own Wharf and Debian's docker-registry, started for the run, and peers by URL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from tests.bench import processes
from tests.bench.content import Blob
from tests.bench.target import Target
from tests.e2e import background
from tests.e2e.clients import Login
from tests.e2e.server import Wharf, reachable

# Below the ephemeral range: no outgoing connection takes the port between our look and the server's bind.
PORTS = range(5700, 5800)
START_SECONDS = 30.0
PROJECT = "bench"
WHO = Login("bench", "correct horse battery staple")
INSTALL_LINE = "apt-get install -y --no-install-recommends docker-registry wrk apache2-utils"
# No authentication, the descriptor cache in its own memory, one log line per error: docker-registry's best case.
CONFIGURATION = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {root}}}
  cache: {{blobdescriptor: inmemory}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}"}}
"""


def free_port(taken: set[int]) -> int:
    """A port of loopback that nobody listens on. Raises OSError when all are taken."""
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port in taken or probe.connect_ex(("127.0.0.1", port)) == 0:
                continue
            return port
    raise OSError(f"no free port in {PORTS}")


class OwnWharf(Target):
    """`bin/up` with its own data folder: Bearer tokens for an ordinary developer, audit and logs on."""

    def __init__(self, root: Path, port: int, settings: Mapping[str, str]) -> None:
        super().__init__("wharf", port, project=PROJECT, who=WHO)
        self.settings = dict(settings)
        root.mkdir()
        self.server = Wharf(root)
        self.server.port = port

    @property
    def version(self) -> str:
        return metadata.version("wharf")

    def start(self) -> None:
        """Serving, with the project and the developer the load is made by."""
        self.server.start(self.settings)
        self.server.run("user", "create", WHO.username, stdin=WHO.password + "\n")
        self.server.run("project", "create", PROJECT)
        self.server.run("member", "add", PROJECT, WHO.username, "developer")
        processes.settle(self.roots())

    def roots(self) -> tuple[int, ...]:
        return (self.server.process.pid,) if self.server.process else ()

    def restart(self) -> None:
        self.server.stop()
        self.server.start(self.settings)
        self._headers.clear()
        processes.settle(self.roots())

    def forget(self, blob: Blob) -> None:
        hexadecimal = blob.digest.partition(":")[2]
        for path in (self.server.store / "blobs" / hexadecimal[:2]).glob(f"{hexadecimal}.*"):
            path.unlink()

    def remove(self) -> None:
        self.server.remove()


class OwnDockerRegistry(Target):
    """Debian's docker-registry on the file system."""

    def __init__(self, root: Path, port: int) -> None:
        super().__init__("docker-registry", port, project=PROJECT)
        self.root = root
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def version(self) -> str:
        said = subprocess.run(["docker-registry", "--version"], capture_output=True, text=True, check=True)
        return said.stdout.split()[-1]

    def start(self) -> None:
        """Raises TimeoutError when it does not serve, FileNotFoundError when it is not installed."""
        program = shutil.which("docker-registry")
        if program is None:
            raise FileNotFoundError(f"docker-registry is missing; install it with: {INSTALL_LINE}")
        self.root.mkdir(parents=True, exist_ok=True)
        configuration = self.root / "config.yml"
        configuration.write_text(CONFIGURATION.format(root=self.root / "store", port=self.port))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("REGISTRY_")}
        self.process = background.start(
            [program, "serve", str(configuration)],
            environment=environment,
            log=self.root / "log",
            folder=self.root,
        )
        deadline = time.monotonic() + START_SECONDS
        while not reachable(f"http://{self.host}/v2/"):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise TimeoutError(
                    f"docker-registry does not serve: {(self.root / 'log').read_text()[-1000:]}"
                )
            time.sleep(0.05)

    def roots(self) -> tuple[int, ...]:
        return (self.process.pid,) if self.process else ()

    def restart(self) -> None:
        self.stop()
        self.start()

    def forget(self, blob: Blob) -> None:
        hexadecimal = blob.digest.partition(":")[2]
        store = self.root / "store" / "docker" / "registry" / "v2" / "blobs" / "sha256"
        (store / hexadecimal[:2] / hexadecimal / "data").unlink(missing_ok=True)

    def stop(self) -> None:
        if self.process is not None:
            background.stop(self.process)
            self.process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)


class Peer(Target):
    """A registry somebody else runs: `[name=]http://[user:password@]127.0.0.1:port[/project]`.

    What was pushed stays in it. Raises ValueError for an address that is not plain HTTP on loopback.
    """

    def __init__(self, given: str, pids: Mapping[str, int]) -> None:
        before, equals, url = given.partition("=")
        parts = urllib.parse.urlsplit(url if equals else given)
        if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost") or parts.port is None:
            raise ValueError(
                f"{given}: a peer is http://127.0.0.1:<port>, as client and server share the machine"
            )
        who = Login(parts.username, parts.password or "") if parts.username else None
        name = before if equals else f"peer:{parts.port}"
        super().__init__(name, parts.port, project=parts.path.strip("/") or PROJECT, who=who)
        self._root = pids.get(name)

    def roots(self) -> tuple[int, ...]:
        return (self._root,) if self._root else tuple(processes.listeners(self.port))

    def restart(self) -> None:
        """It is not ours to restart."""

    def forget(self, blob: Blob) -> None:
        """Its store is not ours."""
