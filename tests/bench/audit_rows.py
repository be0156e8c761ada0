"""A year of events in a database of its own, so many that it matters how they are found."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psycopg

from tests import session

MONTHS = 12
PROJECTS, PEOPLE, ADDRESSES = 90, 500, 2_000
# Most of it is what machines do all day; deletions of projects are one in ten thousand, refusals one in a hundred. Of a
# transaction before the first: a server that runs beside does not begin to seal them.
ROW = """
    INSERT INTO {partition} (id, actor_kind, actor_id, actor_name, auth, token_id, ip, agent, request_id, operation,
      permission, resource_type, resource_id, resource_name, project_id, result, detail, xid, ts)
    SELECT n, CASE WHEN n %% 3 = 0 THEN 'robot' ELSE 'user' END, hash %% {people}, 'person-' || hash %% {people}, 'session',
      md5(n::text), '10.0.0.0'::inet + hash %% {addresses}, 'docker/28.3.0 go/go1.24.4', md5(n::text),
      CASE WHEN n %% 10000 = 7 THEN 'project.delete' WHEN n %% 100 = 3 THEN 'member.create'
        ELSE (ARRAY['artifact.push', 'tag.create', 'user.login', 'tag.delete'])[1 + hash %% 4] END,
      'repository:push', CASE WHEN n %% 10000 = 7 THEN 'project' ELSE 'artifact' END, n::text,
      'project-' || hash %% {projects} || '/app-' || hash %% 900 || '@sha256:' || md5(n::text), hash %% {projects},
      CASE WHEN n %% 100 = 9 THEN 'denied' ELSE 'ok' END,
      jsonb_build_object('after', jsonb_build_object('size', n, 'tags', jsonb_build_array('v' || n, 'latest'))),
      '3'::xid8, %s::timestamptz + (%s::timestamptz - %s::timestamptz) * ((n - %s::bigint)::float8 / %s::bigint)
    FROM (SELECT n, hashint8(n)::bigint & 2147483647 AS hash FROM generate_series(%s::bigint, %s::bigint) n) each
"""
INDEXES = """
    SELECT i.relname, pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid = 'audit_event'::regclass AND NOT x.indisprimary
"""
SPAN = """
    SELECT first, least(first + interval '1 month', now())
    FROM (SELECT date_trunc('month', now(), 'UTC') - make_interval(months => %s)) each (first)
"""


def known(folder: Path, name: str, events: int) -> str:
    """As `make`, once: a database that is there is as good."""
    with session.superuser(folder) as admin:
        if admin.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            return make(folder, name, events)
    return _url(folder, name)


def fresh(folder: Path, name: str) -> str:
    """An empty one."""
    session.make_database(folder, name)
    return _url(folder, name)


def _url(folder: Path, name: str) -> str:
    return f"postgresql://wharf_app@/{name}?host={folder / 'run'}"


def make(folder: Path, name: str, events: int) -> str:
    """A database with so many events, evenly over the last MONTHS months; the URL of the run-time role.

    Nothing of it is sealed.
    """
    session.make_database(folder, name)
    begun = time.monotonic()
    with session.superuser(folder, name) as admin:
        fill(admin, events)
        size = admin.execute("SELECT pg_database_size(current_database()) / 1000000").fetchone()
    assert size is not None
    sys.stdout.write(f"{events:,} events in {time.monotonic() - begun:.0f} s, {size[0]:,} MB with indexes\n")
    sys.stdout.flush()
    return _url(folder, name)


def fill(admin: psycopg.Connection, events: int) -> None:
    """The same in a database that is there. Indexes are made afterwards, which is several times quicker."""
    admin.execute("SET maintenance_work_mem = '1GB'")
    admin.execute("SET synchronous_commit = off")
    indexes = admin.execute(INDEXES).fetchall()
    for index, _ in indexes:
        admin.execute(f'DROP INDEX "{index}"')
    for month in range(MONTHS):
        _fill(admin, month, events // MONTHS)
    for _, statement in indexes:
        admin.execute(statement.replace(" ON ONLY ", " ON "))
    admin.execute(f"SELECT setval('audit_event_id_seq', {events + 1_000})")
    admin.execute("VACUUM (ANALYZE) audit_event")
    admin.execute("CHECKPOINT")


def _fill(admin: psycopg.Connection, month: int, rows: int) -> None:
    """The month that is `month` after the oldest one. Past the triggers: nobody reads along here."""
    ago = MONTHS - 1 - month
    with admin.transaction():
        admin.execute("SET LOCAL ROLE wharf_owner")
        admin.execute(
            """
            SELECT audit_add_partition('audit_event', 'audit_event_' || to_char(first, 'YYYY"m"MM'), first AT TIME ZONE 'UTC',
              (first + interval '1 month') AT TIME ZONE 'UTC')
            FROM (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => %s)) each (first)
            WHERE to_regclass('audit_event_' || to_char(first, 'YYYY"m"MM')) IS NULL
            """,
            [ago],
        )
    span = admin.execute(SPAN, [ago]).fetchone()
    assert span is not None
    first = month * rows + 1
    statement = ROW.format(
        partition=f'"audit_event_{span[0].astimezone().strftime("%Ym%m")}"',
        people=PEOPLE,
        addresses=ADDRESSES,
        projects=PROJECTS,
    )
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(statement, [span[0], span[1], span[0], first, rows, first, first + rows - 1])
