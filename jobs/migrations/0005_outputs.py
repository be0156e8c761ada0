"""Files that runs leave for who asked for them."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0004_finished_counts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Output",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_id", models.BigIntegerField()),
                ("actor_kind", models.CharField(max_length=16)),
                ("actor_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=255)),
                ("media_type", models.CharField(max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[("writing", "Writing"), ("ready", "Ready")],
                        db_default="writing",
                        default="writing",
                        max_length=16,
                    ),
                ),
                ("upload_id", models.UUIDField()),
                ("digest", models.BinaryField(null=True)),
                ("size", models.BigIntegerField(db_default=0, default=0)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "job_output",
                "indexes": [
                    models.Index(models.F("run_id"), name="job_output_run"),
                    models.Index(models.F("expires_at"), name="job_output_expires"),
                ],
            },
        ),
    ]
