"""Artifacts and statistics know the project of their repository, so that those of a project are found and counted by an index."""

from django.db import migrations, models

# A trigger, as what was released before writes rows as well while this is rolled out. A repository stays in its project.
KNOWN = """
CREATE FUNCTION know_project() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  SELECT project_id INTO NEW.project_id FROM repository WHERE id = NEW.repository_id;
  RETURN NEW;
END $$;
CREATE TRIGGER artifact_of_project BEFORE INSERT ON artifact FOR EACH ROW EXECUTE FUNCTION know_project();
CREATE TRIGGER repository_stats_of_project BEFORE INSERT ON repository_stats FOR EACH ROW EXECUTE FUNCTION know_project();
"""
PROJECT = "that of the repository, put in by a trigger"


class Migration(migrations.Migration):
    dependencies = [("artifacts", "0009_listing_indexes")]

    operations = [
        migrations.AddField("artifact", "project_id", models.BigIntegerField(null=True, help_text=PROJECT)),
        migrations.AddField(
            "repositorystats", "project_id", models.BigIntegerField(null=True, help_text=PROJECT)
        ),
        migrations.RunSQL(KNOWN, "DROP FUNCTION know_project CASCADE"),
    ]
