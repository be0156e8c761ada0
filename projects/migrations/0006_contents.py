"""What projects hold, counted: kept by a trigger on the repositories, which the migration of those makes and fills."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0005_quota_warning")]

    operations = [
        migrations.CreateModel(
            name="ProjectContents",
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
                ("repository_count", models.IntegerField(db_default=0, default=0)),
            ],
            options={"db_table": "project_contents"},
        ),
    ]
