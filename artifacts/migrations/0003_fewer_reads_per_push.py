"""A push reads less: open sessions are counted by an index of their own, and a tag's old digest is read under its lock."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

# VOLATILE, so that it looks with a snapshot of its own: a statement that waited for a tag's lock would otherwise not see the
# artifact which the tag was moved to meanwhile.
DIGEST_OF = """
CREATE OR REPLACE FUNCTION wharf_artifact_digest(wanted bigint) RETURNS bytea LANGUAGE sql VOLATILE STRICT
AS $$ SELECT digest FROM artifact WHERE id = wanted $$;
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("artifacts", "0002_references_and_triggers")]

    operations = [
        # Making an index waits for every transaction that began before; what an interrupted try left is made anew.
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS upload_open", migrations.RunSQL.noop),
        AddIndexConcurrently(
            "upload",
            models.Index(
                condition=models.Q(("state", "done"), _negated=True),
                fields=["actor_kind", "actor_id", "updated_at"],
                name="upload_open",
            ),
        ),
        RemoveIndexConcurrently("upload", "upload_actor"),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
        migrations.RunSQL(DIGEST_OF, "DROP FUNCTION wharf_artifact_digest"),
    ]
