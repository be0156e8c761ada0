"""The tags that ever pointed at an artifact, found by its digest."""

from django.db import migrations, models

_INDEX = "tag_event_digest"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("artifacts", "0014_timeline")]

    operations = [
        # Making an index waits for every transaction that began before.
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(
                    "tagevent", models.Index(fields=["repository", "new_digest"], name=_INDEX)
                )
            ],
            database_operations=[
                migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {_INDEX}", migrations.RunSQL.noop),
                migrations.RunSQL(
                    f"CREATE INDEX CONCURRENTLY {_INDEX} ON tag_event (repository_id, new_digest)",
                    f"DROP INDEX {_INDEX}",
                ),
            ],
        ),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
