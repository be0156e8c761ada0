"""Artifacts of a project, the newest first, and how many there are."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

BATCH = 10_000
# Rows that have it already are left alone: an interrupted try is gone on with.
FILL = """
    UPDATE {table} SET project_id = repository.project_id FROM repository
    WHERE repository.id = {table}.repository_id AND {table}.project_id IS NULL
      AND {table}.{key} > %(after)s::bigint AND {table}.{key} <= %(until)s::bigint
"""
# What has never been counted is, by the next fold.
COUNT = "INSERT INTO repository_change (repository_id) SELECT repository_id FROM repository_stats WHERE listed_count IS NULL"
INDEXES = (
    (
        "artifact",
        models.Index(fields=["project_id", "-pushed_at", "-id"], name="artifact_project_pushed"),
    ),
    (
        "repositorystats",
        models.Index("project_id", include=["listed_count"], name="repository_stats_listed"),
    ),
)


def fill(_apps: Any, editor: Any) -> None:
    """A few thousand rows a transaction: nobody waits for them long."""
    with editor.connection.cursor() as cursor:
        for table, key in (("artifact", "id"), ("repository_stats", "repository_id")):
            cursor.execute(f"SELECT coalesce(max({key}), 0) FROM {table}")
            (last,) = cursor.fetchone()
            for after in range(0, last, BATCH):
                cursor.execute(FILL.format(table=table, key=key), {"after": after, "until": after + BATCH})


def made(model: str, index: models.Index) -> list[Operation]:
    """The index, made anew where an interrupted try left half of it."""
    return [
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}", migrations.RunSQL.noop),
        AddIndexConcurrently(model, index),
    ]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("artifacts", "0010_project_of_artifact")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
        # Making an index waits for every transaction that began before.
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
        *(operation for each in INDEXES for operation in made(*each)),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
