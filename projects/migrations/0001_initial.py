import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Project",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(db_collation="C", max_length=255)),
                ("public", models.BooleanField(db_default=False, default=False)),
                ("auth_epoch", models.BigIntegerField(db_default=1, default=1)),
                ("sparse_indexes", models.BooleanField(db_default=True, default=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="owned_projects",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "project",
            },
        ),
        migrations.CreateModel(
            name="StorageDaily",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("used", models.BigIntegerField()),
                (
                    "project",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="projects.project"),
                ),
            ],
            options={
                "db_table": "storage_daily",
            },
        ),
        migrations.CreateModel(
            name="Quota",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="projects.project",
                    ),
                ),
                ("used", models.BigIntegerField(db_default=0, default=0)),
                ("hard_limit", models.BigIntegerField(db_default=-1, default=-1)),
            ],
            options={
                "db_table": "quota",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("used__gte", 0)), name="quota_used_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hard_limit__gte", -1)), name="quota_limit_valid"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)), fields=("name",), name="project_name_alive"
            ),
        ),
        migrations.AddConstraint(
            model_name="storagedaily",
            constraint=models.UniqueConstraint(fields=("project", "day"), name="storage_daily_project_day"),
        ),
    ]
