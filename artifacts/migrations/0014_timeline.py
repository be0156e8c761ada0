"""The history of a repository's tags, newest first, with the size of what each of them pointed at."""

from django.db import migrations, models

_INDEX = "tag_event_repository"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("artifacts", "0013_figure_indexes")]

    operations = [
        migrations.AddField(
            "tagevent",
            "size",
            models.BigIntegerField(null=True, help_text="bytes of the artifact it then named"),
        ),
        migrations.AlterField(
            "tagevent",
            "kind",
            models.TextField(
                choices=[("create", "Create"), ("move", "Move"), ("delete", "Delete"), ("restore", "Restore")]
            ),
        ),
        # Making an index waits for every transaction that began before.
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(
                    "tagevent", models.Index(fields=["repository", "-at", "-id"], name=_INDEX)
                )
            ],
            database_operations=[
                migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {_INDEX}", migrations.RunSQL.noop),
                migrations.RunSQL(
                    f"CREATE INDEX CONCURRENTLY {_INDEX} ON tag_event (repository_id, at DESC, id DESC)",
                    f"DROP INDEX {_INDEX}",
                ),
            ],
        ),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
