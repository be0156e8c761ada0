"""What the database itself refuses, whoever asks."""

from __future__ import annotations

import psycopg
import pytest

INSERT = """
    INSERT INTO audit_event (actor_kind, actor_id, actor_name, auth, operation, result)
    VALUES ('system', 0, 'tests', 'cli', 'test.row', 'ok') RETURNING id, tableoid::regclass::text
"""
CHANGES = [
    "UPDATE audit_event SET actor_name = 'somebody else'",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
]


def refused(connection: psycopg.Connection, statement: str) -> str:
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal, connection.transaction():
        connection.execute(statement)
    return str(refusal.value)


def inserted(connection: psycopg.Connection) -> str:
    row = connection.execute(INSERT).fetchone()
    assert row is not None
    return str(row[1])


@pytest.mark.parametrize("change", CHANGES)
def test_not_even_a_superuser_changes_an_event(superuser: psycopg.Connection, change: str):
    partition = inserted(superuser)
    assert "append-only" in refused(superuser, change)
    assert "append-only" in refused(superuser, change.replace("audit_event", partition))


def test_the_run_time_role_adds_and_reads_events(superuser: psycopg.Connection):
    superuser.execute("SET LOCAL ROLE wharf_app")
    inserted(superuser)
    found = superuser.execute("SELECT count(*) FROM audit_event WHERE operation = 'test.row'").fetchone()
    assert found == (1,)


@pytest.mark.parametrize("change", CHANGES)
def test_the_run_time_role_has_no_privilege_to_change_events(superuser: psycopg.Connection, change: str):
    superuser.execute("SELECT audit_protect()")  # a test database lends it TRUNCATE
    partition = inserted(superuser)
    superuser.execute("SET LOCAL ROLE wharf_app")
    assert "permission denied" in refused(superuser, change)
    assert "permission denied" in refused(superuser, change.replace("audit_event", partition))


def test_a_blanket_grant_is_taken_back_by_the_next_run(superuser: psycopg.Connection):
    superuser.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO wharf_app")
    superuser.execute("SELECT audit_ensure_partitions(0)")
    partition = inserted(superuser)
    superuser.execute("SET LOCAL ROLE wharf_app")
    for change in CHANGES:
        refused(superuser, change)
        refused(superuser, change.replace("audit_event", partition))
    assert "permission denied" in refused(superuser, INSERT.replace("audit_event", partition))


def test_an_event_of_an_unforeseen_month_goes_to_the_default_partition(superuser: psycopg.Connection):
    statement = INSERT.replace("result)", "result, ts)").replace(
        "'ok')", "'ok', now() + interval '30 years')"
    )
    row = superuser.execute(statement).fetchone()
    assert row is not None
    assert row[1] == "audit_event_default"


def test_only_a_test_database_may_be_emptied(superuser: psycopg.Connection):
    inserted(superuser)
    superuser.execute("SET LOCAL wharf.audit_truncate = 'on'")
    superuser.execute("TRUNCATE audit_event")
    assert superuser.execute("SELECT count(*) FROM audit_event").fetchone() == (0,)
    inserted(superuser)
    assert "append-only" in refused(superuser, "DELETE FROM audit_event")
