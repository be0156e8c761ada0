"""Projects newest first."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("projects", "0006_contents")]

    operations = [
        # Making an index waits for every transaction that began before.
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
        # Made anew where an interrupted try left half of it.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS project_newest", migrations.RunSQL.noop),
        AddIndexConcurrently(
            "project",
            models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["-created_at", "-id"],
                name="project_newest",
            ),
        ),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
