"""The certified provider (npm oidc-provider) as a process of its own, whose people a test writes down."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import find_tool, missing

HERE = Path(__file__).resolve().parent
MODULE = HERE.parents[1] / ".venv/oidc-provider/node_modules/oidc-provider/lib/index.js"
START_SECONDS = 20.0
CLIENT = "wharf"
SECRET = "a secret of tests"


@dataclass(frozen=True)
class Certified:
    """`issuer` is an address on this machine."""

    issuer: str
    people: Path

    @property
    def port(self) -> int:
        return int(self.issuer.rpartition(":")[2])

    def know(self, login: str, **claims: Any) -> None:
        """Whoever signs in there by that name, which is his `sub`, with any password."""
        known = json.loads(self.people.read_text())
        self.people.write_text(json.dumps({**known, login: claims}))


@contextmanager
def certified(folder: Path, here: str) -> Iterator[Certified]:
    """A provider that knows the registry at the address `here`. Skips where it is not installed."""
    node = find_tool("node", "apt-get install -y nodejs npm")
    if not MODULE.exists():
        missing("the OpenID provider of the tests is not installed: bin/test installs it where npm is there")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        issuer = f"http://127.0.0.1:{probe.getsockname()[1]}"
    people, log = folder / "people.json", folder / "provider.log"
    people.write_text("{}")
    client = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [f"{here}/c/oidc/callback"],
        "post_logout_redirect_uris": [f"{here}/auth/login"],
    }
    command = [node, str(HERE / "provider.mjs"), str(MODULE), issuer, str(people), json.dumps(client)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
    try:
        _wait(issuer, process, log)
        yield Certified(issuer, people)
    finally:
        process.terminate()
        process.wait()


def _wait(issuer: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the provider did not start\n{log.read_text()}")
