"""What Django cannot say: rows that leave with their run, and room for updates in place.

Progress moves no indexed column, so with free room on the page an update costs no index entry (HOT).
"""

from django.db import migrations


def leaves_with_run(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_run_fk FOREIGN KEY (run_id) REFERENCES job_run (id) "
        "ON DELETE CASCADE NOT DEFERRABLE",
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_run_fk",
    )


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        leaves_with_run("job_task"),
        leaves_with_run("job_log"),
        migrations.RunSQL(
            "ALTER TABLE job_run SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, "
            "autovacuum_vacuum_threshold = 1000)",
            "ALTER TABLE job_run RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)",
        ),
    ]
