"""Repositories by a part of their name: an index over the parts, so that a search reads what it shows and little more."""

from django.db import migrations

# Every three characters in a row of "/team/app", and the first one of each component with its slash: a term of three
# characters or more is looked up by its own threes, a shorter one as the beginning of a component. No extension is needed.
GRAMS = """
CREATE OR REPLACE FUNCTION wharf_grams(name text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT array_agg(DISTINCT gram) FROM (
    SELECT substr('/' || name, place, 3) AS gram FROM generate_series(1, greatest(length(name) - 1, 1)) AS place
    UNION ALL
    SELECT substr('/' || name, place, 2) FROM generate_series(1, length(name)) AS place
    WHERE substr('/' || name, place, 1) = '/') AS parts
$$;
"""
# Repositories are made seldom and searched often: nothing is left for a search to read through before the index.
INDEX = """
CREATE INDEX CONCURRENTLY repository_grams ON repository USING gin (wharf_grams(name))
  WITH (fastupdate = off) WHERE deleted_at IS NULL AND visible_at IS NOT NULL
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("artifacts", "0006_labels_and_stars"), ("projects", "0005_quota_warning")]

    operations = [
        migrations.RunSQL(GRAMS, "DROP FUNCTION wharf_grams(text)"),
        # Making an index waits for every transaction that began before; what an interrupted try left is made anew.
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS repository_grams", migrations.RunSQL.noop),
        migrations.RunSQL(INDEX, "DROP INDEX repository_grams"),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
