"""A real OpenLDAP server of a test's own: Debian's slapd from a folder of its own, on loopback, with ldap and ldaps.

`with slapd(folder) as directory:` gives one that is filled by `add_person`, `add_group` and the like. Every method that changes
the directory takes and gives distinguished names as text. A group needs a member by its schema: NOBODY is in each.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.conftest import find_tool, missing
from tests.instances import free_port
from tests.ldap.certificates import Issued, issue
from tests.ldap.entries import (
    BASE,
    GROUPS,
    LEFT,
    NOBODY,
    PEOPLE,
    ROOT_DN,
    ROOT_PASSWORD,
    SEARCH_DN,
    SEARCH_PASSWORD,
    Entries,
)  # fmt: skip

__all__ = [
    "BASE", "GROUPS", "LEFT", "NOBODY", "PEOPLE", "ROOT_DN", "ROOT_PASSWORD", "SEARCH_DN", "SEARCH_PASSWORD",
    "Slapd", "find_slapd", "slapd",
]  # fmt: skip

INSTALL: Final = (
    "apt-get install -y --no-install-recommends slapd ldap-utils libldap2-dev libsasl2-dev gcc python3-dev"
)
START_SECONDS: Final = 20.0

# Only the search account and a person himself read entries; anonymous binds are for proving passwords alone.
CONFIGURATION: Final = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload refint
TLSCACertificateFile {authority}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
sizelimit {size_limit}
{referral}
{globally}
database mdb
maxsize 268435456
suffix "{base}"
rootdn "{root_dn}"
rootpw {root_password}
directory {folder}/data
dbnosync
limits dn.exact="{search_dn}" size={size_limit} size.prtotal={paged_limit}
index objectClass,uid,cn,mail,member,uniqueMember,memberUid,memberOf,entryUUID eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{search_dn}" read by anonymous {anonymous} by self read by * none
{overlays}
{on_database}
"""
OVERLAYS: Final = f"""
overlay memberof
memberof-group-oc groupOfNames
memberof-member-ad member
memberof-memberof-ad memberOf
overlay refint
refint_attributes member memberOf uniqueMember
refint_nothing "{NOBODY}"
"""


class Slapd(Entries):
    """A running server. `url` is ldap://, `tls_url` is ldaps://; both speak StartTLS and TLS with `certificates`."""

    def __init__(self, folder: Path, certificates: Issued) -> None:
        super().__init__()
        self.folder = folder
        self.certificates = certificates
        self.port, self.tls_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None

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
            "ldap_url": self.url,
            "ldap_search_dn": SEARCH_DN,
            "ldap_search_password": SEARCH_PASSWORD,
            "ldap_base_dn": PEOPLE,
            "ldap_filter": "(objectClass=inetOrgPerson)",
            "ldap_uid": "uid",
            "ldap_group_base_dn": GROUPS,
            "ldap_group_search_filter": "(objectClass=groupOfNames)",
            "ldap_ca_certificates": self.certificates.authority_pem,
        }

    # The server as a process ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Also after `stop`: with the same ports and entries."""
        log = (self.folder / "slapd.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    find_slapd(),
                    "-f",
                    str(self.folder / "slapd.conf"),
                    "-h",
                    f"{self.url}/ {self.tls_url}/",
                    "-d",
                    "0",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Else the kernel ends it while it is paused: members of a process group that loses its shell get a SIGHUP
                # if one of them is stopped (POSIX, orphaned process groups).
                start_new_session=True,
            )
        begun = time.monotonic()
        while not (_answers(self.port) and _answers(self.tls_port)):
            assert self._process.poll() is None, self.log
            assert time.monotonic() - begun < START_SECONDS, self.log
            time.sleep(0.01)

    def stop(self) -> None:
        """As when the machine is switched off: nothing answers at its ports."""
        self.forget_root()
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(START_SECONDS)
            self._process = None

    def pause(self) -> None:
        """The server stops answering, while its ports still take connections. Every thread has stopped when this returns."""
        self._signal(signal.SIGSTOP)
        assert self._process is not None
        threads = Path(f"/proc/{self._process.pid}/task")
        while not all(_state(thread) in "Tt" for thread in threads.iterdir()):
            time.sleep(0.001)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def log(self) -> str:
        return (self.folder / "slapd.log").read_text(errors="replace")


@contextlib.contextmanager
def slapd(
    folder: Path,
    *,
    certificates: Issued | None = None,
    overlays: bool = True,
    anonymous: str = "auth",
    size_limit: str = "500",
    paged_limit: str = "unlimited",
    referral: str = "",
    globally: str = "",
    on_database: str = "",
) -> Iterator[Slapd]:
    """A server that is gone afterwards. Skips the test where slapd or python-ldap is missing.

    `anonymous`: what an unbound connection may do, `auth` or `read`. `overlays`: memberOf and refint. `size_limit`: entries of
    one answer; `paged_limit`: of all pages together. `referral`: where everything outside of BASE is, as an address.
    `globally`, `on_database`: more lines of its configuration (slapd.conf(5)).
    """
    find_slapd()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    server = Slapd(folder, certificates or issue(folder / "tls", "127.0.0.1", "localhost"))
    (folder / "slapd.conf").write_text(
        CONFIGURATION.format(
            folder=folder,
            authority=server.certificates.authority,
            certificate=server.certificates.certificate,
            key=server.certificates.key,
            base=BASE,
            root_dn=ROOT_DN,
            root_password=ROOT_PASSWORD,
            search_dn=SEARCH_DN,
            anonymous=anonymous,
            size_limit=size_limit,
            paged_limit=paged_limit,
            overlays=OVERLAYS if overlays else "",
            referral=f"referral {referral}" if referral else "",
            globally=globally,
            on_database=on_database,
        )
    )
    server.start()
    try:
        server.fill()
        yield server
    finally:
        server.stop()


def find_slapd() -> str:
    """Its path. Skips, or fails where every lane must run."""
    try:
        import ldap  # noqa: F401
    except ImportError:
        missing(f"python-ldap is not installed: {INSTALL} && .venv/bin/pip install -r requirements/ldap.txt")
    os.environ["PATH"] = (
        f"{os.environ['PATH']}:/usr/sbin" if "/usr/sbin" not in os.environ["PATH"] else os.environ["PATH"]
    )
    return find_tool("slapd", INSTALL)


def _state(thread: Path) -> str:
    """The letter that tells what a thread is doing (proc(5)); the name before it may hold anything."""
    return (thread / "stat").read_text().rpartition(")")[2].split()[0]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
