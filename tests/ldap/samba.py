"""A real Active Directory of a test's own: Debian's Samba as a domain controller in a network namespace.

Its ports are fixed (389, 636) and below 1024, so it lives in a namespace; relays bring them out to loopback. As Active
Directory does by default, it takes passwords over TLS alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from tests.conftest import find_tool, missing
from tests.instances import free_port
from tests.ldap import relay
from tests.ldap.certificates import Issued, issue
from tests.ldap.entries import values_of
from tests.ldap.slapd import find_slapd

INSTALL: Final = (
    "apt-get install -y --no-install-recommends samba samba-ad-provision samba-dsdb-modules samba-vfs-modules "
    "winbind iproute2"
)
BASE: Final = "DC=ad,DC=example,DC=org"
PEOPLE: Final = f"OU=People,{BASE}"
GROUPS: Final = f"OU=Teams,{BASE}"
ADMINISTRATOR: Final = f"CN=Administrator,CN=Users,{BASE}"
PASSWORD: Final = "Passw0rd.of-the-domain"
START_SECONDS: Final = 60.0
PROVISION: Final = (
    "samba-tool", "domain", "provision", "--realm=AD.EXAMPLE.ORG", "--domain=ADX", "--server-role=dc", "--dns-backend=NONE",
    "--host-ip=127.0.0.1", "--host-name=dc1", f"--adminpass={PASSWORD}",
    "--option=interfaces=lo", "--option=bind interfaces only=yes", "--option=server services=ldap, rpc",
)  # fmt: skip
NORMAL_ACCOUNT, DISABLED = 0x200, 0x202


class Samba:
    """A running domain controller. `tls_url` is its ldaps://, `url` its ldap:// (StartTLS)."""

    def __init__(self, folder: Path, certificates: Issued) -> None:
        self.folder = folder
        self.certificates = certificates
        self.port, self.tls_port = free_port(), free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._root: Any = None

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of Wharf that use this directory, as `config.services.change` takes them."""
        return {
            "auth_mode": "ldap_auth",
            "ldap_url": self.tls_url,
            "ldap_search_dn": ADMINISTRATOR,
            "ldap_search_password": PASSWORD,
            "ldap_base_dn": PEOPLE,
            "ldap_filter": "(objectClass=user)",
            "ldap_uid": "sAMAccountName",
            "ldap_group_base_dn": GROUPS,
            "ldap_group_search_filter": "(objectClass=group)",
            "ldap_ca_certificates": self.certificates.authority_pem,
        }

    def start(self) -> None:
        server = f"exec samba -i -M single --debug-stdout -s {self._conf}"
        inside = f"ip link set lo up; {relay.command(self._sockets, (389, 636))} & {server}"
        with (self.folder / "samba.log").open("ab") as log:
            for command in (
                ["unshare", "--net", "--pid", "--fork", "--kill-child=KILL", "sh", "-c", inside],
                ["sh", "-c", f"exec {relay.command((self.port, self.tls_port), self._sockets)}"],
            ):
                self._processes.append(
                    subprocess.Popen(
                        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment()
                    )
                )
        begun = time.monotonic()
        while not self._answers():
            assert all(process.poll() is None for process in self._processes), self.log
            assert time.monotonic() - begun < START_SECONDS, self.log
            time.sleep(0.1)

    def stop(self) -> None:
        self._root = None
        for process in self._processes:
            process.send_signal(signal.SIGKILL)
            process.wait(START_SECONDS)
        self._processes = []
        for path in self._sockets:
            Path(path).unlink(missing_ok=True)

    @property
    def log(self) -> str:
        return (self.folder / "samba.log").read_text(errors="replace")

    @property
    def _conf(self) -> Path:
        return self.folder / "dc" / "etc" / "smb.conf"

    @property
    def _sockets(self) -> tuple[str, str]:
        return str(self.folder / "ldap.sock"), str(self.folder / "ldaps.sock")

    def _answers(self) -> bool:
        """Whether a TLS handshake succeeds: a relay takes connections before there is a server."""
        context = ssl.create_default_context(cafile=str(self.certificates.authority))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.settimeout(2)
            probe.connect(("127.0.0.1", self.tls_port))
            with context.wrap_socket(probe, server_hostname="127.0.0.1"):
                return True
        return False

    # Entries --------------------------------------------------------------------------------------------------------

    @property
    def root(self) -> Any:
        """python-ldap's connection of the administrator, for what has no method here."""
        import ldap

        if self._root is None:
            self._root = ldap.initialize(self.tls_url)
            self._root.set_option(ldap.OPT_REFERRALS, 0)
            self._root.set_option(ldap.OPT_X_TLS_CACERTFILE, str(self.certificates.authority))
            self._root.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
            self._root.simple_bind_s(ADMINISTRATOR, PASSWORD)
        return self._root

    def add(self, dn: str, attributes: dict[str, str | bytes | Iterable[str]]) -> str:
        self.root.add_s(dn, [(key, values_of(value)) for key, value in attributes.items()])
        return dn

    def add_person(
        self, name: str, password: str = "", *, full_name: str = "", disabled: bool = False
    ) -> str:
        """The DN of the new person, whose CN is the full name."""
        attributes: dict[str, str | bytes | Iterable[str]] = {
            "objectClass": "user",
            "sAMAccountName": name,
            "userPrincipalName": f"{name}@ad.example.org",
            "mail": f"{name}@example.org",
        }
        if password:
            attributes["unicodePwd"] = f'"{password}"'.encode("utf-16-le")
            attributes["userAccountControl"] = str(DISABLED if disabled else NORMAL_ACCOUNT)
        return self.add(f"CN={full_name or name},{PEOPLE}", attributes)

    def add_group(self, name: str, members: Iterable[str] = ()) -> str:
        found = list(members)
        attributes: dict[str, str | bytes | Iterable[str]] = {"objectClass": "group", "sAMAccountName": name}
        return self.add(f"CN={name},{GROUPS}", {**attributes, **({"member": found} if found else {})})

    def modify(self, dn: str, operation: int, attribute: str, values: Iterable[str]) -> None:
        """`operation`: ldap.MOD_ADD 0, MOD_DELETE 1, MOD_REPLACE 2."""
        found = list(values)
        self.root.modify_s(dn, [(operation, attribute, values_of(found) if found else None)])

    def add_members(self, group: str, *members: str) -> None:
        self.modify(group, 0, "member", members)

    def remove_members(self, group: str, *members: str) -> None:
        self.modify(group, 1, "member", members)

    def disable(self, dn: str) -> None:
        self.modify(dn, 2, "userAccountControl", [str(DISABLED)])

    def enable(self, dn: str) -> None:
        self.modify(dn, 2, "userAccountControl", [str(NORMAL_ACCOUNT)])

    def rename(self, dn: str, name: str) -> str:
        self.root.rename_s(dn, f"CN={name}")
        return f"CN={name},{dn.split(',', 1)[1]}"

    def delete(self, dn: str) -> None:
        self.root.delete_s(dn)

    def guid(self, dn: str) -> str:
        """The objectGUID as text: what accounts.ldap calls `subject`."""
        (_, attributes), *_ = self.root.search_s(dn, 0, "(objectClass=*)", ["objectGUID"])
        return str(UUID(bytes_le=attributes["objectGUID"][0]))


@contextlib.contextmanager
def samba(folder: Path) -> Iterator[Samba]:
    """A domain controller that is gone afterwards; takes about six seconds. Skips the test where something is missing."""
    find_slapd()
    find_tool("samba", INSTALL)
    find_tool("samba-tool", INSTALL)
    if subprocess.run(
        ["unshare", "--net", "--pid", "--fork", "true"], check=False, capture_output=True
    ).returncode:
        missing("a network namespace is needed: run as root")
    server = Samba(folder, issue(folder / "tls", "127.0.0.1", "dc1.ad.example.org"))
    _provision(server)
    server.start()
    try:
        for dn in (PEOPLE, GROUPS):
            server.add(dn, {"objectClass": "organizationalUnit"})
        yield server
    finally:
        server.stop()


def _provision(server: Samba) -> None:
    tls = server.certificates
    own = {
        "tls keyfile": tls.key,
        "tls certfile": tls.certificate,
        "tls cafile": tls.authority,
        # In /run by default, where a second controller of this machine has its own.
        "pid directory": server.folder / "dc",
        "ncalrpc dir": server.folder / "dc" / "ncalrpc",
    }
    options = [f"--option={name}={value}" for name, value in own.items()]
    done = subprocess.run(
        ["unshare", "--net", *PROVISION, *options, f"--targetdir={server.folder / 'dc'}"],
        capture_output=True,
        text=True,
        check=False,
        env=_environment(),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _environment() -> dict[str, str]:
    """Samba's tools are Debian's Python; ours must not get in their way."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV", "WHARF_"))
    }
    return {**kept, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
