"""Projects by how much they hold, how often they are pulled from, and when they were pushed to."""

from django.db import migrations

# A page of a list begins after the last row of the page before: (figure, project) is compared as one. Where nothing was ever
# pushed the time is that of the epoch, as in projects/browsing.py: NULL would need a comparison of its own.
INDEXES = {
    "project_contents_used": "used",
    "project_contents_count": "repository_count",
    "project_contents_pulls": "pulls_total",
    "project_contents_pushed": "coalesce(last_push_at, 'epoch'::timestamptz)",
}


def made(name: str, column: str) -> list[migrations.RunSQL]:
    """The index, made anew where an interrupted try left half of it."""
    return [
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", migrations.RunSQL.noop),
        migrations.RunSQL(
            f"CREATE INDEX CONCURRENTLY {name} ON project_contents (({column}), project_id)",
            f"DROP INDEX {name}",
        ),
    ]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("projects", "0008_figures")]

    operations = [
        # Making an index waits for every transaction that began before.
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
        *(operation for name, column in INDEXES.items() for operation in made(name, column)),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
