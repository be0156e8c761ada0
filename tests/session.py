"""The services of a process of a test run: one embedded PostgreSQL and Valkey, started through the product's own code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from wharf import embedded
from wharf.layout import DataLayout
from wharf.processes import Child

TEMPLATE = "wharf_template"
_children: list[Child] = []


def start(folder: Path) -> None:
    """Start once; a second call does nothing. fsync is off: a test run's rows need not survive the
    machine."""
    if _children:
        return
    folder.mkdir(mode=0o755, exist_ok=True)
    _children.extend(embedded.plan(DataLayout(folder), durable=False, max_connections=300).start())


def stop() -> None:
    embedded.stop(_children)
    _children.clear()


def superuser(folder: Path, database: str = "postgres") -> psycopg.Connection:
    """An autocommit connection as the superuser of the run's server."""
    return psycopg.connect(f"host={folder / 'run'} user=postgres dbname={database}", autocommit=True)


def make_database(folder: Path, name: str) -> None:
    """A migrated database of that name, copied from a template that the first caller migrates."""
    with superuser(folder) as connection:
        _ensure_template(folder, connection)
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER wharf_owner')


def _ensure_template(folder: Path, connection: psycopg.Connection) -> None:
    query = "SELECT datistemplate FROM pg_database WHERE datname = %s"
    row = connection.execute(query, [TEMPLATE]).fetchone()
    if row is not None and row[0]:
        return
    connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
    connection.execute(f"CREATE DATABASE {TEMPLATE} OWNER wharf_owner")
    _migrate(folder)
    with superuser(folder, TEMPLATE) as inside:
        # Transactional tests empty tables between tests; the run-time role of a real server may not.
        inside.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO wharf_app")
    connection.execute("ALTER ROLE wharf_app SET wharf.audit_truncate = 'on'")
    connection.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true")


def _migrate(folder: Path) -> None:
    """The way a real server does it: `wharf migrate` in its own process, as wharf_owner."""
    urls = {
        "WHARF_DATABASE_URL": f"postgresql://wharf_app@/{TEMPLATE}?host={folder / 'run'}",
        "WHARF_MIGRATE_DATABASE_URL": f"postgresql://wharf_owner@/{TEMPLATE}?host={folder / 'run'}",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--quiet"],
        cwd=Path(__file__).resolve().parent.parent,
        env={**os.environ, **urls},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"wharf migrate failed:\n{done.stdout}\n{done.stderr}")
