"""A docker daemon of our own: no bridge, no iptables, vfs storage, everything below one short folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.e2e import background
from tests.e2e.clients import find

START_SECONDS = 60.0


class DockerDaemon:
    """dockerd from Debian's docker.io; it takes 127.0.0.0/8 for insecure registries, so plain HTTP works."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="wharf-docker-", dir="/tmp"))
        self.socket = self.root / "docker.sock"
        self.log = self.root / "dockerd.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until the socket answers. AssertionError with the end of the log if it does not."""
        command = [
            find("dockerd"),
            f"--data-root={self.root / 'data'}",
            f"--exec-root={self.root / 'exec'}",
            f"--pidfile={self.root / 'docker.pid'}",
            f"--host=unix://{self.socket}",
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            "--storage-driver=vfs",
        ]
        environment = {
            "PATH": os.defpath + ":/usr/sbin:/sbin",
            "HOME": str(self.root),
            "TMPDIR": str(self.root),
        }
        self.process = background.start(command, environment=environment, log=self.log, folder=self.root)
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self.log.read_text(errors="replace")[-4000:])
            time.sleep(0.1)

    def _accepts(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            try:
                probe.connect(str(self.socket))
                probe.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in probe.recv(100)
            except OSError:
                return False

    def stop(self) -> None:
        """Stop the daemon with its containerd and remove all it stored."""
        if self.process is not None:
            background.stop(self.process)
            self.process = None
        shutil.rmtree(self.root, ignore_errors=True)
