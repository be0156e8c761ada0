"""Schedules and the beats that look at them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("jobs", "0002_references_and_storage"),
    ]

    operations = [
        migrations.CreateModel(
            name="Beat",
            fields=[
                ("name", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("host", models.CharField(max_length=255)),
                ("pid", models.IntegerField()),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ticked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"db_table": "job_beat"},
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=255)),
                ("arguments", models.JSONField(db_default={}, default=dict)),
                ("project_id", models.BigIntegerField(null=True)),
                ("subject_type", models.CharField(db_default="", default="", max_length=64)),
                ("subject_id", models.CharField(db_default="", default="", max_length=255)),
                ("subject_name", models.CharField(db_default="", default="", max_length=1024)),
                ("system", models.BooleanField(db_default=False, default=False)),
                ("next_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("fired_at", models.DateTimeField(null=True)),
                ("last_run", models.BigIntegerField(null=True)),
                ("note", models.TextField(db_default="", default="")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("changed_by", models.CharField(db_default="", default="", max_length=255)),
                (
                    "periodic",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wharf_schedule",
                        to="django_celery_beat.periodictask",
                    ),
                ),
            ],
            options={
                "db_table": "job_schedule",
                "indexes": [
                    models.Index(
                        models.F("next_at"),
                        condition=models.Q(("next_at__isnull", False)),
                        name="job_schedule_due",
                    ),
                    models.Index(
                        models.F("project_id"),
                        condition=models.Q(("project_id__isnull", False)),
                        name="job_schedule_project",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "subject_type", "subject_id"), name="job_schedule_one_per_subject"
                    )
                ],
            },
        ),
    ]
