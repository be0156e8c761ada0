"""Migrations as the owner of the tables, one at a time over all replicas, under time limits that spare the
live system."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from wharf.database_settings import database_settings
from wharf.environment import Environment

LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "5s"
# Any constant: the same in every replica. Waiting for another replica's migration has its own, longer limit.
MIGRATION_LOCK = 0x77686172
WAIT_FOR_OTHERS = "600s"
_MAY_CREATE = """
    SELECT 1 FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public' AND privilege_type = 'CREATE'
      AND CASE WHEN %(role)s = 'PUBLIC' THEN grantee = 0 ELSE grantee = to_regrole(quote_ident(%(role)s)) END
"""


def migrate(environment: Environment, *, verbosity: int = 1) -> None:
    """Bring the schema up to date and let the run-time role use it. Raises DatabaseError as Django does."""
    from django.core.management import call_command

    from audit import partitions

    url = environment.migrate_database
    app_role = str(conninfo_to_dict(environment.database).get("user", ""))
    with _alone(url):
        for advice in close_schema(url, app_role=app_role):
            sys.stderr.write(f"wharf: {advice}\n")
        _grant(url, app_role=app_role)
        with _as_owner(environment):
            call_command("migrate", verbosity=verbosity, interactive=False)
            partitions.ensure()


def _owner_settings(environment: Environment) -> dict[str, Any]:
    settings = database_settings(environment.migrate_database, lease=environment.lease)
    limits = f"-c lock_timeout={LOCK_TIMEOUT} -c statement_timeout={STATEMENT_TIMEOUT}"
    options = {**settings["OPTIONS"], "options": f"{settings['OPTIONS']['options']} {limits}"}
    del options["pool"]
    return {**settings, "OPTIONS": options}


@contextlib.contextmanager
def _as_owner(environment: Environment) -> Iterator[None]:
    """Django's default connection is the owner's meanwhile (tasks and pages never need it)."""
    from django.db import connection

    connection.close()
    before = dict(connection.settings_dict)
    connection.settings_dict.update(_owner_settings(environment))
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@contextlib.contextmanager
def _alone(url: str) -> Iterator[None]:
    with psycopg.connect(url, autocommit=True, options=f"-c lock_timeout={WAIT_FOR_OTHERS}") as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        yield


def close_schema(url: str, *, app_role: str) -> list[str]:
    """Nobody but the owner makes anything beside Wharf's tables, where the owner may decide that; what an administrator of the
    database has to do elsewhere, a line each. PostgreSQL before 15 let everybody, and databases keep that when upgraded."""
    with psycopg.connect(url, autocommit=True) as owner:
        others = ["PUBLIC", app_role] if app_role and app_role != owner.info.user else ["PUBLIC"]
        return [f"{name} may create in the schema public of the database {owner.info.dbname}, so that a function of somebody "
                f"else could be taken for one of PostgreSQL's; as its administrator run there: {said}"
                for name in others if (said := _left(owner, name))]  # fmt: skip


def _left(owner: psycopg.Connection, name: str) -> str:
    """What takes CREATE from `name`; "" where it has not got it any more."""
    role = sql.SQL("PUBLIC") if name == "PUBLIC" else sql.Identifier(name)
    held = owner.execute(_MAY_CREATE, {"role": name}).fetchone()
    if held is None:
        return ""
    revoke = sql.SQL("REVOKE CREATE ON SCHEMA public FROM {}").format(role)
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
        owner.execute(revoke)
    return revoke.as_string(owner) if owner.execute(_MAY_CREATE, {"role": name}).fetchone() else ""


def _grant(url: str, *, app_role: str) -> None:
    """Tables the owner will create are usable by the run-time role; single tables narrow this in their
    migrations."""
    with psycopg.connect(url, autocommit=True) as owner:
        if not app_role or app_role == owner.info.user:
            return
        role = sql.Identifier(app_role)
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {}",
        ):
            owner.execute(sql.SQL(statement).format(role))
