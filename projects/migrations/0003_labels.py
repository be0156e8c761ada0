"""Labels: of one project, or of all of them."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_pull_log")]

    operations = [
        migrations.CreateModel(
            name="Label",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=128)),
                ("description", models.CharField(db_default="", default="", max_length=1024)),
                ("color", models.CharField(db_default="", default="", max_length=7)),
                ("created_at", models.DateTimeField(db_default=Now())),
                ("updated_at", models.DateTimeField(db_default=Now())),
                (
                    "project",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="labels",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "db_table": "label",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["project", "name"], name="label_name", nulls_distinct=False
                    )
                ],
            },
        ),
    ]
