"""Filters of lists that people keep for themselves."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_preferences")]

    operations = [
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("list", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=80)),
                ("query", models.CharField(max_length=2000)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_filters",
                        to="accounts.user",
                    ),
                ),
            ],
            options={
                "db_table": "saved_filter",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "list", "name"), name="saved_filter_name")
                ],
            },
        ),
    ]
