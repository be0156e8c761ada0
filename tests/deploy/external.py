"""PostgreSQL and Valkey as other people's servers: TCP with passwords, roles and database made as docs/settings.md says."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests.deploy.ports import free_port
from wharf import programs
from wharf.processes import Child, Command, Identity, run_as, service_identity, spawn

ROLES_SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "postgres" / "roles.sh"
PASSWORD = "pEr5iMm0n-far-away"
START_SECONDS = 30.0


class ExternalServices:
    """Both servers below one short folder. `database(role)` and `redis` are URLs as a person would write them."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="wharf-ext-", dir="/tmp"))
        self.root.chmod(0o755)
        self.postgres_port, self.valkey_port = free_port(), free_port()
        self._children: list[Child] = []

    def database(self, role: str, name: str = "wharf") -> str:
        return f"postgresql://{role}:{PASSWORD}@127.0.0.1:{self.postgres_port}/{name}"

    @property
    def redis(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.valkey_port}/0"

    def start(self) -> None:
        identity = service_identity(self.root / "pg")
        found = programs.find(identity, copies=self.root)
        self._programs = found.postgres
        cluster = self._folder("pg", identity)
        (self.root / "password").write_text(PASSWORD)
        auth = ("--auth=scram-sha-256", f"--pwfile={self.root / 'password'}")
        initdb = [str(found.postgres / "initdb"), "-D", str(cluster), "-U", "postgres", "-E", "UTF8", "-N"]
        done = run_as(identity, [*initdb, *auth], directory=cluster)
        assert done.returncode == 0, done.stderr
        server = (str(found.postgres / "postgres"), "-D", str(cluster), "-p", str(self.postgres_port))
        tuned = ("-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200")
        self._spawn("postgres", (*server, *tuned), identity)
        port = ("--port", str(self.valkey_port), "--bind", "127.0.0.1")
        self._spawn("valkey", (str(found.valkey), *port, "--requirepass", PASSWORD, "--save", ""), identity)
        self._make_roles()

    def _folder(self, name: str, identity: Identity) -> Path:
        folder = self.root / name
        folder.mkdir(mode=0o700)
        if identity.uid is not None and identity.gid is not None:
            os.chown(folder, identity.uid, identity.gid)
        return folder

    def _spawn(self, name: str, arguments: tuple[str, ...], identity: Identity) -> None:
        log = self.root / f"{name}.log"
        directory = Path("/")
        command = Command(name, arguments, identity=identity, directory=directory, log=log, grace=20.0)
        self._children.append(spawn(command))

    def _make_roles(self) -> None:
        """With the script that the postgres container of docker-compose.yml runs."""
        self._wait_for_postgres()
        variables = {
            "PATH": f"{self._programs}:{os.defpath}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.postgres_port),
            "PGPASSWORD": PASSWORD,
            "WHARF_OWNER_PASSWORD": PASSWORD,
            "WHARF_APP_PASSWORD": PASSWORD,
        }
        subprocess.run([str(ROLES_SCRIPT)], env=variables, check=True, capture_output=True)

    def _wait_for_postgres(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return psycopg.connect(self.database("postgres", "postgres")).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.root / "postgres.log").read_text()
                time.sleep(0.05)

    def stop(self) -> None:
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.wait_stopped()
        shutil.rmtree(self.root, ignore_errors=True)
