"""Repositories of a project by their figures: each has its row of them from its first manifest on."""

from typing import Any

from django.db import migrations

BATCH = 5000
ROWS = """
CREATE FUNCTION start_repository_stats() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO repository_stats (repository_id, project_id) VALUES (NEW.id, NEW.project_id) ON CONFLICT (repository_id) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER repository_stats_started AFTER INSERT OR UPDATE OF visible_at ON repository
  FOR EACH ROW WHEN (NEW.visible_at IS NOT NULL) EXECUTE FUNCTION start_repository_stats();
"""
FILL = """
    WITH batch AS MATERIALIZED (SELECT id, project_id, visible_at FROM repository WHERE id > %s ORDER BY id LIMIT %s),
    started AS (
      INSERT INTO repository_stats (repository_id, project_id) SELECT id, project_id FROM batch WHERE visible_at IS NOT NULL
      ON CONFLICT (repository_id) DO NOTHING
    )
    SELECT max(id) FROM batch
"""
# The fold keeps these from now on.
PROJECTS = """
    UPDATE project_contents held SET pulls_total = sums.pulls, last_push_at = sums.pushed FROM (
      SELECT project_id, sum(pulls_total) AS pulls, max(last_push_at) AS pushed FROM repository_stats GROUP BY project_id) sums
    WHERE sums.project_id = held.project_id
"""


def fill(_apps: Any, editor: Any) -> None:
    """In batches, each a transaction of its own: nobody waits long, and a second run goes on where the first one ended."""
    with editor.connection.cursor() as cursor:
        last: int | None = 0
        while last is not None:
            cursor.execute(FILL, [last, BATCH])
            (last,) = cursor.fetchone()
        cursor.execute(PROJECTS)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("artifacts", "0011_by_project"), ("projects", "0008_figures")]

    operations = [
        migrations.RunSQL(ROWS, "DROP FUNCTION start_repository_stats CASCADE"),
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
