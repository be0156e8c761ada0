"""Long lists stay fast: what they show is counted beforehand."""

from django.db import migrations, models

# A repository counts from its first manifest until it is deleted. The trigger and the first count are one transaction: whoever
# writes waits for it, so nothing is missed or counted twice.
COUNT = """
CREATE FUNCTION count_project_repository() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  counted CONSTANT boolean := TG_OP = 'UPDATE' AND OLD.visible_at IS NOT NULL AND OLD.deleted_at IS NULL;
  counts CONSTANT boolean := NEW.visible_at IS NOT NULL AND NEW.deleted_at IS NULL;
BEGIN
  IF counted <> counts THEN
    INSERT INTO project_contents AS held (project_id, repository_count) VALUES (NEW.project_id, counts::int)
    ON CONFLICT (project_id) DO UPDATE SET repository_count = held.repository_count + CASE WHEN counts THEN 1 ELSE -1 END;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER repository_counted AFTER INSERT OR UPDATE OF visible_at, deleted_at ON repository
  FOR EACH ROW EXECUTE FUNCTION count_project_repository();
INSERT INTO project_contents (project_id, repository_count)
  SELECT project_id, count(*) FROM repository WHERE visible_at IS NOT NULL AND deleted_at IS NULL GROUP BY project_id;
"""


class Migration(migrations.Migration):
    dependencies = [("artifacts", "0007_search"), ("projects", "0006_contents")]

    operations = [
        migrations.AddField(
            "repositorystats",
            "listed_count",
            models.IntegerField(
                null=True, help_text="artifacts that stand in lists; right while no RepositoryChange waits"
            ),
        ),
        migrations.RunSQL(COUNT, "DROP FUNCTION count_project_repository CASCADE"),
    ]
