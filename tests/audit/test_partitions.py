from __future__ import annotations

import psycopg
import pytest

from audit import partitions
from audit.partitions import Outcome


def outcomes(connection: psycopg.Connection, months: int) -> dict[str, str]:
    found = connection.execute("SELECT partition, outcome FROM audit_ensure_partitions(%s)", [months])
    return dict(found.fetchall())


def month_name(connection: psycopg.Connection, ahead: int) -> str:
    month = "now() AT TIME ZONE 'UTC' + make_interval(months => %s)"
    query = f'SELECT to_char({month}, \'"audit_event_"YYYY"m"MM\')'
    row = connection.execute(query, [ahead]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.django_db
def test_this_month_and_the_next_three_exist():
    assert [partition.outcome for partition in partitions.ensure()] == [Outcome.EXISTS] * 4


def test_the_run_time_role_creates_a_missing_month(superuser: psycopg.Connection):
    superuser.execute("SET LOCAL ROLE wharf_app")
    found = outcomes(superuser, 12)
    assert found[month_name(superuser, 0)] == "exists"
    assert found[month_name(superuser, 12)] == "created"
    assert outcomes(superuser, 12)[month_name(superuser, 12)] == "exists"


def test_a_new_partition_is_append_only_like_the_others(superuser: psycopg.Connection):
    outcomes(superuser, 12)
    partition = month_name(superuser, 12)
    superuser.execute(
        "INSERT INTO audit_event (ts, actor_kind, actor_id, actor_name, auth, operation, result) "
        "VALUES (now() + interval '12 months', 'system', 0, 'tests', 'cli', 'test.row', 'ok')"
    )
    for statement in (f"DELETE FROM {partition}", f"TRUNCATE {partition}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), superuser.transaction():
            superuser.execute(statement)
    superuser.execute("SET LOCAL ROLE wharf_app")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), superuser.transaction():
        superuser.execute(f"SELECT * FROM {partition}")


def test_a_month_whose_events_are_in_the_default_partition_stays_there(superuser: psycopg.Connection):
    superuser.execute(
        "INSERT INTO audit_event (ts, actor_kind, actor_id, actor_name, auth, operation, result) "
        "VALUES (now() + interval '12 months', 'system', 0, 'tests', 'cli', 'test.row', 'ok')"
    )
    found = outcomes(superuser, 13)
    assert found[month_name(superuser, 12)] == "left in default"
    assert found[month_name(superuser, 13)] == "created"


def test_the_number_of_months_is_bounded(superuser: psycopg.Connection):
    assert len(outcomes(superuser, 1_000_000)) == 25
    assert len(outcomes(superuser, -5)) == 1


def test_the_run_time_role_cannot_reach_the_functions_behind(superuser: psycopg.Connection):
    superuser.execute("SET LOCAL ROLE wharf_app")
    for call in ("audit_protect()", "audit_add_partition('x', now(), now())"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), superuser.transaction():
            superuser.execute(f"SELECT {call}")


def test_a_function_that_anybody_made_never_runs_with_the_rights_of_the_owner(superuser: psycopg.Connection):
    """Where everybody may create in `public`, one there could fit a call better than PostgreSQL's own."""
    superuser.execute("GRANT CREATE ON SCHEMA public TO wharf_app")
    superuser.execute("SET LOCAL ROLE wharf_app")
    for argument in ("integer", "bigint"):
        superuser.execute(
            f"CREATE FUNCTION public.hashtextextended(text, {argument}) RETURNS bigint LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'run as %', current_user; END $$"
        )
    superuser.execute("SELECT audit_ensure_partitions(0), audit_ensure_seal_months(0)")
    superuser.execute("SELECT audit_ensure_pull_days(current_date, current_date)")
    superuser.execute(
        "SELECT audit_drop_partition('audit_pull_20200101', 30, 0, 'tests'), audit_covered(), audit_strays()"
    )


def test_functions_with_the_rights_of_the_owner_look_nothing_up_in_public(superuser: psycopg.Connection):
    """Nor do those that they call."""
    found = superuser.execute(
        "SELECT proname, proconfig FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
        "AND (prosecdef OR proname LIKE 'audit%' AND proname <> 'audit_covered') "
        "AND NOT coalesce(proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp']"
    ).fetchall()
    assert [name for name, _ in found if name != "audit_add_partition"] == []
    assert len(found) <= 1  # the one of 0001, which nobody may call and nothing calls any more
