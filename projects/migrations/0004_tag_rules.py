"""Rules of immutable tags, with the globs as regular expressions for the statements that decide by them."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_labels")]

    operations = [
        migrations.CreateModel(
            name="TagRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("disabled", models.BooleanField(db_default=False, default=False)),
                (
                    "priority",
                    models.IntegerField(
                        db_default=0, default=0, help_text="kept for Harbor's clients, decides nothing"
                    ),
                ),
                ("repositories", models.TextField()),
                ("repositories_excluded", models.BooleanField(db_default=False, default=False)),
                ("repositories_expression", models.TextField()),
                ("tags", models.TextField()),
                ("tags_excluded", models.BooleanField(db_default=False, default=False)),
                ("tags_expression", models.TextField()),
                ("created_at", models.DateTimeField(db_default=Now())),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tag_rules",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "db_table": "tag_rule",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["project", "repositories", "repositories_excluded", "tags", "tags_excluded"],
                        name="tag_rule_once",
                    )
                ],
            },
        ),
    ]
