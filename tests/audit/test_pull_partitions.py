"""The table of pulls: a partition a day, append-only for everybody, made by the role that owns no table."""

from __future__ import annotations

import psycopg
import pytest

from audit import partitions
from audit.partitions import Outcome

INSERT = """
    INSERT INTO audit_pull (ts, repository_id, project_id, actor_id, agent_id, n, actor_kind, actor_name, repository, tag,
                            digest)
    VALUES (now() + %s * interval '1 day', 1, 1, 1, 1, 1, 'user', 'ann', 'team/app', '', 'x')
    RETURNING tableoid::regclass::text
"""
CHANGES = ["UPDATE audit_pull SET n = 0", "DELETE FROM audit_pull", "TRUNCATE audit_pull"]


def outcomes(connection: psycopg.Connection, first: int, last: int) -> list[str]:
    """Of the days from `first` to `last`, counted from today."""
    today = "(now() AT TIME ZONE 'UTC')::date"
    found = connection.execute(
        f"SELECT outcome FROM audit_ensure_pull_days({today} + %s::integer, {today} + %s::integer)",
        [first, last],
    )
    return [outcome for (outcome,) in found]


def inserted(connection: psycopg.Connection, ahead: int = 0) -> str:
    row = connection.execute(INSERT, [ahead]).fetchone()
    assert row is not None
    return str(row[0])


def refused(connection: psycopg.Connection, statement: str) -> str:
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal, connection.transaction():
        connection.execute(statement)
    return str(refusal.value)


@pytest.mark.django_db
def test_today_and_the_next_seven_days_exist():
    assert [partition.outcome for partition in partitions.ensure_pulls()] == [Outcome.EXISTS] * 8
    assert partitions.strays() == {"audit_event": 0, "audit_pull": 0}


def test_the_run_time_role_makes_days_ahead_and_behind(superuser: psycopg.Connection):
    superuser.execute("SET LOCAL ROLE wharf_app")
    assert outcomes(superuser, 20, 21) == ["created"] * 2
    assert outcomes(superuser, -50, -49) == ["created"] * 2
    assert outcomes(superuser, 20, 20) == outcomes(superuser, -50, -50) == ["exists"]


def test_what_no_clock_should_say_gets_no_partition(superuser: psycopg.Connection):
    assert outcomes(superuser, 32, 500) == outcomes(superuser, -900, -401) == []
    assert inserted(superuser, 500) == "audit_pull_default"


def test_a_day_whose_pulls_are_in_the_default_partition_stays_there(superuser: psycopg.Connection):
    inserted(superuser, 20)
    assert outcomes(superuser, 19, 21) == ["created", "left in default", "created"]


@pytest.mark.parametrize("ahead", [0, 20, 500])
@pytest.mark.parametrize("change", CHANGES)
def test_not_even_a_superuser_changes_a_pull(superuser: psycopg.Connection, change: str, ahead: int):
    outcomes(superuser, 20, 20)
    partition = inserted(superuser, ahead)
    assert "append-only" in refused(superuser, change)
    assert "append-only" in refused(superuser, change.replace("audit_pull", partition))


@pytest.mark.parametrize("change", CHANGES)
def test_the_run_time_role_adds_and_reads_pulls_and_changes_none(superuser: psycopg.Connection, change: str):
    superuser.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO wharf_app")
    superuser.execute("SELECT audit_ensure_partitions(0)")
    partition = inserted(superuser)
    superuser.execute("SET LOCAL ROLE wharf_app")
    before = superuser.execute("SELECT count(*) FROM audit_pull").fetchone()
    inserted(superuser)
    assert superuser.execute("SELECT count(*) - 1 FROM audit_pull").fetchone() == before != (0,)
    assert "permission denied" in refused(superuser, change)
    assert "permission denied" in refused(superuser, change.replace("audit_pull", partition))
    assert "permission denied" in refused(superuser, "UPDATE audit_agent SET agent = ''")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), superuser.transaction():
        superuser.execute("SELECT audit_add_partition('audit_pull', 'x', now(), now())")
