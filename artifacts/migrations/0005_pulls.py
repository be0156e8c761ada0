"""Pulls of artifacts, in a table of their own: a count must not rewrite the row that holds the manifest."""

import django.db.models.deletion
from django.db import migrations, models

NOTE = """
CREATE OR REPLACE FUNCTION note_repository_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  {guard}
  IF TG_OP = 'DELETE' THEN
    INSERT INTO repository_change (repository_id) SELECT DISTINCT repository_id FROM old_rows;
  ELSE
    INSERT INTO repository_change (repository_id) SELECT DISTINCT repository_id FROM new_rows;
  END IF;
  RETURN NULL;
END $$;
"""
GUARD = "IF TG_OP = 'UPDATE' AND current_setting('wharf.counting', true) = 'on' THEN RETURN NULL; END IF;"


class Migration(migrations.Migration):
    dependencies = [("artifacts", "0004_refusals"), ("audit", "0002_pulls")]

    operations = [
        migrations.CreateModel(
            name="ArtifactUsage",
            fields=[
                (
                    "artifact",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="artifacts.artifact",
                    ),
                ),
                ("pulls_total", models.BigIntegerField(db_default=0, default=0)),
                ("last_pull_at", models.DateTimeField()),
            ],
            options={"db_table": "artifact_usage"},
        ),
        migrations.RunSQL(
            "ALTER TABLE artifact_usage ADD CONSTRAINT artifact_usage_artifact_fk FOREIGN KEY (artifact_id) "
            "REFERENCES artifact (id) ON DELETE CASCADE NOT DEFERRABLE",
            "ALTER TABLE artifact_usage DROP CONSTRAINT artifact_usage_artifact_fk",
        ),
        migrations.RunSQL(NOTE.format(guard=GUARD), NOTE.format(guard="")),
    ]
