"""Wharf as separate processes: `wharf serve` once per role, against external services, on unix sockets."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.deploy.external import ExternalServices
from tests.e2e import background
from tests.e2e.clients import Login
from wharf import probe
from wharf.environment import Environment

CHECKOUT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
PASSWORD = "correct horse battery"


class Roles:
    """The processes of one installation below `root`; each is started, signalled and stopped by its name."""

    def __init__(self, root: Path, services: ExternalServices, *external_urls: str) -> None:
        self.root = root
        self.sockets = root / "run"
        self.sockets.mkdir(parents=True)
        self.admin = Login("admin", "")
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._variables = {
            "WHARF_DATA": str(root / "data"),
            "WHARF_SECRET_KEY": secrets.token_urlsafe(48),
            "WHARF_DATABASE_URL": services.database("wharf_app"),
            "WHARF_REDIS_URL": services.redis,
            "WHARF_EXTERNAL_URLS": ",".join(external_urls),
            "WHARF_X_ACCEL": "/_blobs",
            "WHARF_WORKERS": "2",
            "PYTHONUNBUFFERED": "1",
        }
        self.owner = {"WHARF_MIGRATE_DATABASE_URL": services.database("wharf_owner")}

    def environment(self, **extra: str) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("WHARF_", "DJANGO_"))
        }
        return kept | self._variables | extra

    def run(self, *arguments: str, stdin: str = "", **extra: str) -> subprocess.CompletedProcess[str]:
        """One `wharf` command with the environment of a role, whatever it ends with."""
        return subprocess.run(
            [sys.executable, str(CHECKOUT / "manage.py"), *arguments],
            env=self.environment(**extra),
            cwd=CHECKOUT,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def prepare(self) -> str:
        """What the service `migrate` of docker-compose.yml does; its output."""
        done = self.run("prepare", **self.owner)
        assert done.returncode == 0, done.stdout + done.stderr
        found = [line.rpartition("/ ")[2] for line in done.stdout.splitlines() if "administrator" in line]
        if found:
            self.admin = Login("admin", found[0].split()[0])
        return done.stdout

    def log(self, name: str) -> str:
        return (self.root / f"{name}.log").read_text(errors="replace")

    def wait_logged(self, name: str, words: str) -> None:
        """Until `name` has written `words` to its log."""
        deadline = time.monotonic() + START_SECONDS
        while words not in self.log(name):
            assert time.monotonic() < deadline, self.log(name)
            time.sleep(0.1)

    def start(self, name: str, role: str, **extra: str) -> None:
        """Start `role` under `name`; servers are waited for until they are ready."""
        serves = role in ("registry", "web")
        extra = {"WHARF_ROLE": role, "WHARF_BIND": f"unix:{self.sockets / name}.sock", **extra}
        environment = self.environment(**extra)
        command = [sys.executable, str(CHECKOUT / "manage.py"), "serve"]
        log = self.root / f"{name}.log"
        self.running[name] = background.start(command, environment=environment, log=log, folder=CHECKOUT)
        deadline = time.monotonic() + START_SECONDS
        while serves and not self._ready(extra):
            assert self.running[name].poll() is None, self.log(name)
            assert time.monotonic() < deadline, self.log(name)
            time.sleep(0.05)

    def _ready(self, extra: dict[str, str]) -> bool:
        where = Environment(bind=extra["WHARF_BIND"], port=int(extra.get("WHARF_PORT", "5000")))
        return probe.answers(where, "/readyz")

    def stop(self, name: str) -> int:
        """SIGTERM and wait; the exit status."""
        process = self.running.pop(name)
        background.stop(process)
        return process.returncode

    def stop_all(self) -> None:
        for name in list(self.running):
            self.stop(name)

    def user(self, name: str) -> Login:
        done = self.run("user", "create", name, stdin=PASSWORD + "\n")
        assert done.returncode == 0, done.stderr
        return Login(name, PASSWORD)

    def project(self, name: str, *members: Login) -> str:
        for arguments in (
            ("project", "create", name),
            *(("member", "add", name, who.username, "maintainer") for who in members),
        ):
            done = self.run(*arguments)
            assert done.returncode == 0, done.stderr
        return name


def refuses_connections(path: Path) -> bool:
    """Whether nobody listens on the unix socket `path`."""
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.connect(str(path))
        except OSError:
            return True
    return False
