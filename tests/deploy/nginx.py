"""Debian's nginx with the configuration of deploy/nginx; only its places differ (ports, sockets, certificate, blobs)."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e import background
from tests.e2e.clients import find

INSTALL_LINE = "apt-get install -y --no-install-recommends nginx"
SOURCES = Path(__file__).resolve().parents[2] / "deploy" / "nginx"


@dataclass
class Nginx:
    """One nginx on loopback. `root` holds its rendered configuration and its log."""

    root: Path
    tls_port: int
    plain_port: int
    sockets: Path
    tls: Path
    blobs: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def log(self) -> Path:
        return self.root / "nginx.log"

    def render(self) -> Path:
        """The main file of a copy in which only places are exchanged; each must have been there."""
        folder = self.root / "conf"
        folder.mkdir(parents=True, exist_ok=True)
        for source in SOURCES.glob("*.conf"):
            (folder / source.name).write_text(source.read_text())
        for name, old, new in self._places():
            text = (folder / name).read_text()
            assert old in text, f"{name} no longer holds {old}"
            (folder / name).write_text(text.replace(old, new))
        return folder / "nginx.conf"

    def _places(self) -> list[tuple[str, str, str]]:
        both = f"127.0.0.1:{self.tls_port} ssl http2 default_server;\n        listen [::1]:{self.tls_port}"
        return [
            ("nginx.conf", "listen 8443", f"listen {both}"),
            ("nginx.conf", "listen 8080", f"listen 127.0.0.1:{self.plain_port}"),
            ("nginx.conf", "/etc/wharf/tls", str(self.tls)),
            ("nginx.conf", "/var/lib/wharf/storage/blobs", str(self.blobs)),
            ("nginx.conf", "/tmp/nginx", str(self.root / "nginx")),
            ("upstreams.conf", "/run/wharf", str(self.sockets)),
        ]

    def command(self, *options: str) -> list[str]:
        # As root its workers would become www-data, who may not read the blobs of this test.
        user = " user root;" if Path("/proc/self").owner() == "root" else ""
        return [
            find("nginx"),
            "-p",
            str(self.root),
            "-c",
            str(self.root / "conf" / "nginx.conf"),
            "-g",
            f"daemon off;{user}",
            *options,
        ]

    def start(self) -> None:
        """Start and wait until it listens. AssertionError with its log if it does not."""
        self.render()
        self.process = background.start(self.command(), environment={}, log=self.log, folder=self.root)
        deadline = time.monotonic() + 10
        while not (self.root / "nginx.pid").exists():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            background.stop(self.process)
