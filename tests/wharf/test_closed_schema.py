"""Nobody but the owner makes anything in the schema of Wharf's tables."""

from __future__ import annotations

import psycopg
import pytest

from tests.audit.sealing import superuser_of
from wharf import migration

MAY_CREATE = "SELECT has_schema_privilege('wharf_app', 'public', 'CREATE')"


@pytest.mark.parametrize("name", ["PUBLIC", "wharf_app"])
def test_what_others_may_create_in_the_schema_is_taken_back(app_database_url: str, name: str) -> None:
    owner = app_database_url.replace("wharf_app", "wharf_owner")
    with superuser_of(app_database_url) as admin:
        admin.execute(f"GRANT CREATE ON SCHEMA public TO {name}")
        assert admin.execute(MAY_CREATE).fetchone() == (True,)
        assert migration.close_schema(owner, app_role="wharf_app") == []
        assert admin.execute(MAY_CREATE).fetchone() == (False,)
    with psycopg.connect(owner) as opened:
        opened.execute("CREATE TABLE of_the_owner ()")


def test_where_the_owner_may_not_decide_it_the_line_to_run_is_said(app_database_url: str) -> None:
    owner = app_database_url.replace("wharf_app", "wharf_owner")
    with superuser_of(app_database_url) as admin:
        admin.execute("ALTER SCHEMA public OWNER TO postgres")
        admin.execute("GRANT ALL ON SCHEMA public TO PUBLIC")
        (advice,) = migration.close_schema(owner, app_role="wharf_app")
        line = advice.rpartition("run there: ")[2]
        assert line == "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
        admin.execute("GRANT CREATE ON SCHEMA public TO wharf_owner")
        admin.execute(line)
        assert migration.close_schema(owner, app_role="wharf_app") == []
