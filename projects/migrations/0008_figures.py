"""What lists of projects are sorted by: every project has its row of figures, from its first moment on."""

from django.db import migrations, models

# A figure that is sorted by is never missing: a row for each project, made with it.
ROWS = """
CREATE FUNCTION start_project_contents() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO project_contents (project_id) VALUES (NEW.id) ON CONFLICT (project_id) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER project_started AFTER INSERT ON project FOR EACH ROW EXECUTE FUNCTION start_project_contents();
INSERT INTO project_contents (project_id) SELECT id FROM project ON CONFLICT (project_id) DO NOTHING;
UPDATE project_contents held SET used = quota.used FROM quota
  WHERE quota.project_id = held.project_id AND held.used <> quota.used;
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0007_newest")]

    operations = [
        migrations.AddField("projectcontents", "used", models.BigIntegerField(db_default=0, default=0)),
        migrations.AddField(
            "projectcontents", "pulls_total", models.BigIntegerField(db_default=0, default=0)
        ),
        migrations.AddField("projectcontents", "last_push_at", models.DateTimeField(null=True)),
        migrations.RunSQL(ROWS, "DROP FUNCTION start_project_contents CASCADE"),
    ]
