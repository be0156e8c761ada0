"""Repositories newest first, of all projects or of one; and which repositories have changes that are not counted yet."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

SHOWN = models.Q(("deleted_at__isnull", True), ("visible_at__isnull", False))
INDEXES = (
    (
        "repository",
        models.Index(condition=SHOWN, fields=["-created_at", "-id"], name="repository_newest"),
    ),
    (
        "repository",
        models.Index(
            condition=SHOWN, fields=["project", "-created_at", "-id"], name="repository_project_newest"
        ),
    ),
    ("repositorychange", models.Index(fields=["repository_id"], name="repository_change_of")),
)


def made(model: str, index: models.Index) -> list[Operation]:
    """The index, made anew where an interrupted try left half of it."""
    return [
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}", migrations.RunSQL.noop),
        AddIndexConcurrently(model, index),
    ]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("artifacts", "0008_listed")]

    operations = [
        # Making an index waits for every transaction that began before.
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
        *(operation for each in INDEXES for operation in made(*each)),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
