"""Repositories of a project by size, pulls, tags and times, and the tags of a repository by their last pull."""

from django.db import migrations

# A page of a list begins after the last row of the page before: (figure, row) is compared as one. What never happened has the
# time of the epoch, as in artifacts/browsing/: NULL would need a comparison of its own.
FIGURES = {
    "repository_stats_pushed": "coalesce(last_push_at, 'epoch'::timestamptz)",
    "repository_stats_pulled": "coalesce(last_pull_at, 'epoch'::timestamptz)",
    "repository_stats_size": "compressed_bytes",
    "repository_stats_pulls": "pulls_total",
    "repository_stats_tags": "tag_count",
}
INDEXES = {
    **{name: f"repository_stats (project_id, ({column}), repository_id)" for name, column in FIGURES.items()},
    "tag_repository_pulled": "tag (repository_id, (coalesce(last_pull_at, 'epoch'::timestamptz)), id)",
}


def made(name: str, where: str) -> list[migrations.RunSQL]:
    """The index, made anew where an interrupted try left half of it."""
    return [
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", migrations.RunSQL.noop),
        migrations.RunSQL(f"CREATE INDEX CONCURRENTLY {name} ON {where}", f"DROP INDEX {name}"),
    ]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("artifacts", "0012_figures")]

    operations = [
        # Making an index waits for every transaction that began before.
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
        *(operation for name, where in INDEXES.items() for operation in made(name, where)),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
