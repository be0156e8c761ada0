"""A Wharf whose people come from a real directory: OpenLDAP or Active Directory (Samba), by the same few words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.clients import Login
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf
from tests.ldap.samba import Samba, samba
from tests.ldap.slapd import Slapd, slapd

PASSWORD = "Passw0rd.of-a-person"
KINDS = ("slapd", "samba")
MOD_REPLACE = 2
SECRETS = ("ldap_search_password",)
BLOCKS = ("ldap_ca_certificates",)


@dataclass(frozen=True, slots=True)
class Place:
    wharf: Wharf
    directory: Slapd | Samba
    folder: Path

    def add_person(self, name: str) -> str:
        return self.directory.add_person(name, PASSWORD)

    def rename(self, dn: str, name: str) -> str:
        """Give a person another name to sign in with, and the entry the same one."""
        if isinstance(self.directory, Samba):
            self.directory.modify(dn, MOD_REPLACE, "sAMAccountName", [name])
        return self.directory.rename(dn, name)

    def client(self, name: str) -> Registry:
        return Registry(self.wharf.url, Login(name, PASSWORD))

    def sync(self) -> str:
        """Waits for its end. Raises AssertionError when it fails."""
        return self.wharf.run("ldap", "sync", "--wait")

    def configure(self, **settings: Any) -> None:
        """As an administrator does at the machine: secrets by standard input, certificates by a file."""
        pairs = [
            f"{key}={value}" for key, value in settings.items() if key not in SECRETS and key not in BLOCKS
        ]
        files = []
        for key in BLOCKS:
            if key in settings:
                path = self.folder / key
                path.write_text(settings[key])
                files += ["--from-file", f"{key}={path}"]
        secret = settings.get(SECRETS[0], "")
        hidden = ["--stdin", SECRETS[0]] if secret else []
        self.wharf.run("config", "set", *pairs, *files, *hidden, stdin=secret)


@contextmanager
def place(kind: str, folder: Path) -> Iterator[Place]:
    """A server of its own: what its tests set would be in the way of others."""
    with (slapd if kind == "slapd" else samba)(folder / "directory") as directory:
        server = Wharf()
        try:
            server.start()
            found = Place(server, directory, folder)
            found.configure(**directory.settings)
            yield found
        finally:
            server.remove()


def within(seconds: float, condition: Callable[[], bool]) -> float:
    """How long it took to come true. Raises AssertionError."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "it did not come true in time"
        time.sleep(0.1)
    return time.monotonic() - begun
