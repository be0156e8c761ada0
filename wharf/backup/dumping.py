"""pg_dump and pg_restore: the bundled ones for the embedded server, else the machine's, if they are new enough."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from wharf import programs
from wharf.backup.repository import BackupFailed

# An older pg_dump refuses a newer server; Debian 12 has 15, the embedded server is 18.
_VERSION = re.compile(r"\(PostgreSQL\) ([0-9]+)")


def program(name: str, *, server: int, embedded: bool) -> Path:
    """The newest suitable `pg_dump` or `pg_restore` for a server of major version `server`. Raises BackupFailed."""
    bundled = programs.client(name)
    found = None if embedded else shutil.which(name)
    for candidate in (Path(found) if found else None, bundled):
        if candidate is not None and _major(candidate) >= server:
            return candidate
    raise BackupFailed(f"{name} of PostgreSQL {server} or newer is needed: install it and put it on PATH")


def _major(candidate: Path) -> int:
    match = _VERSION.search(version(candidate))
    return int(match[1]) if match else 0


def version(candidate: Path) -> str:
    """What the program says of itself; '' when it does not run."""
    try:
        done = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def dump(url: str, target: Path, *, by: Path, snapshot: str) -> None:
    """Write the state that `snapshot` (pg_export_snapshot) sees to `target`. Raises BackupFailed."""
    _run(url, [str(by), "--format=custom", "--no-password", f"--snapshot={snapshot}", f"--file={target}"])


def restore(url: str, source: Path, *, by: Path) -> None:
    """Restore a dump into the empty database of `url`, all or nothing. Raises BackupFailed."""
    name = str(conninfo_to_dict(url).get("dbname", "wharf"))
    # Owner of all is who connects; what the run-time role may do is restored as it was.
    flags = ["--no-password", "--no-owner", "--single-transaction", "--exit-on-error", f"--dbname={name}"]
    _run(url, [str(by), *flags, str(source)])


def _run(url: str, arguments: list[str]) -> None:
    done = subprocess.run(
        arguments, env=_environment(url), capture_output=True, text=True, check=False, umask=0o077
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise BackupFailed(f"{Path(arguments[0]).name} failed: {lines[0]}")


def _environment(url: str) -> dict[str, str]:
    """The URL as libpq's variables: on a command line everybody could read its password."""
    names = {
        option.keyword.decode(): option.envvar.decode()
        for option in pq.Conninfo.get_defaults()
        if option.envvar
    }
    given = {names[key]: str(value) for key, value in conninfo_to_dict(url).items() if key in names}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, **given}


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection whose transaction may stay open for as long as a dump takes. Raises BackupFailed."""
    try:
        return psycopg.connect(url, options="-c idle_in_transaction_session_timeout=0 -c statement_timeout=0")
    except psycopg.OperationalError as error:
        reason = str(error).strip().partition("\n")[0]
        raise BackupFailed(f"the database does not answer ({reason}); is the server up? (bin/up)") from error
