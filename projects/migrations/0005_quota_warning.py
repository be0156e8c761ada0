"""A project whose storage comes to 85 % of its quota tells so once, in the transaction of the push that brought it there."""

from django.db import migrations, models
from django.db.models.functions import Now

# By whatever way bytes come in. The figure stands in projects/quotas.py too. Numbers are compared as floats: a quota times
# 85 may be no bigint.
WARN = """
CREATE FUNCTION warn_of_quota() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO job_outbox (event, payload, actor_kind, actor_id, actor_name, project_id, subject_type, subject_id, subject_name)
    VALUES ('quota.warning', jsonb_build_object('project_id', NEW.project_id, 'used', NEW.used, 'hard_limit', NEW.hard_limit),
            'system', 0, 'quota', NEW.project_id, 'quota', NEW.project_id::text, '');
  PERFORM pg_notify('wharf_jobs', '');
  RETURN NULL;
END $$;
CREATE TRIGGER quota_used AFTER UPDATE OF used ON quota FOR EACH ROW
  WHEN (NEW.hard_limit > 0 AND OLD.used < NEW.hard_limit * 0.85::float8 AND NEW.used >= NEW.hard_limit * 0.85::float8)
  EXECUTE FUNCTION warn_of_quota();
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0004_tag_rules"), ("jobs", "0004_finished_counts")]

    operations = [
        migrations.AddField(
            "quota", "updated_at", models.DateTimeField(db_default=Now(), help_text="when the limit was set")
        ),
        migrations.RunSQL(WARN, "DROP FUNCTION warn_of_quota CASCADE"),
    ]
