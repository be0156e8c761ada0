"""The embedded services together: PostgreSQL and Valkey on unix sockets below one data folder."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from wharf import programs
from wharf.layout import DataLayout
from wharf.postgres import Postgres
from wharf.processes import Child, Identity, service_identity, spawn
from wharf.valkey import Valkey


@dataclass(frozen=True, slots=True)
class Embedded:
    """The parts to run; None where an external server is used instead."""

    postgres: Postgres | None
    valkey: Valkey | None

    def start(self, *, keep: tuple[int, ...] = ()) -> list[Child]:
        """Start both and wait until they answer; `keep` holds the data lock. Raises PostgresFailed,
        ProgramsMissing."""
        children: list[Child] = []
        try:
            if self.valkey is not None:
                self.valkey.prepare()
                children.append(spawn(self.valkey.command(), keep=keep))
            if self.postgres is not None:
                self.postgres.prepare()
                children.append(spawn(self.postgres.command(), keep=keep))
                self.postgres.wait_ready(children[-1])
                self.postgres.provision()
            if self.valkey is not None:
                self.valkey.wait_ready(children[0])
        except BaseException:
            stop(children)
            raise
        return children


def stop(children: list[Child]) -> None:
    """Ask all to stop at once, then wait for each."""
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.wait_stopped()


def plan(
    layout: DataLayout,
    *,
    postgres: bool = True,
    valkey: bool = True,
    durable: bool = True,
    max_connections: int = 100,
) -> Embedded:
    """What to start below `layout`; makes the folders. Raises ProgramsMissing, ServiceUserMissing,
    PermissionError."""
    if not (postgres or valkey):
        return Embedded(None, None)
    identity = service_identity(layout.postgres)
    found = programs.find(identity, copies=layout.root)
    layout.logs.mkdir(mode=0o750, exist_ok=True)
    run = run_folder(layout.run, identity)
    return Embedded(
        Postgres(
            found,
            identity,
            layout.postgres,
            run,
            log=layout.logs / "postgres.log",
            max_connections=max_connections,
            durable=durable,
        )
        if postgres
        else None,
        Valkey(found, identity, layout.valkey, run, log=layout.logs / "valkey.log") if valkey else None,
    )


def run_folder(path: Path, identity: Identity) -> Path:
    """The sockets' folder, ours or the service user's alone. Raises PermissionError when someone else owns
    it: in
    /tmp anyone could have made it first, with sockets of their own."""
    path.mkdir(mode=0o700, exist_ok=True)
    facts = path.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid not in (os.geteuid(), identity.uid):
        raise PermissionError(f"{path} belongs to another user; remove it")
    if identity.uid is not None and identity.gid is not None:
        os.chown(path, identity.uid, identity.gid)
    path.chmod(0o700)
    return path
