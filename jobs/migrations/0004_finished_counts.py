"""How many runs have ended, by kind and state, kept when the runs themselves are forgotten: counters for /metrics.

A trigger counts, so that no way of ending a run (worker, reaper, a person) can forget to. One short row lock per kind and state,
held from the end of a run to its COMMIT.
"""

from django.db import migrations, models

COUNT = """
CREATE FUNCTION job_count_finished() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO job_finished AS known (kind, state, count) VALUES (NEW.kind, NEW.state, 1)
  ON CONFLICT (kind, state) DO UPDATE SET count = known.count + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER job_run_finished AFTER UPDATE OF state ON job_run FOR EACH ROW
  WHEN (OLD.state IN ('queued', 'running', 'retrying') AND NEW.state IN ('succeeded', 'partial', 'failed', 'stopped'))
  EXECUTE FUNCTION job_count_finished();
ALTER TABLE job_finished SET (fillfactor = 50);
"""
UNDO = "DROP TRIGGER job_run_finished ON job_run; DROP FUNCTION job_count_finished();"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_schedules")]

    operations = [
        migrations.CreateModel(
            name="FinishedCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind", "state", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=255)),
                ("state", models.CharField(max_length=16)),
                ("count", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={"db_table": "job_finished"},
        ),
        migrations.RunSQL(COUNT, UNDO),
    ]
