"""Labels on artifacts, and stars of repositories with a count that a trigger keeps: a list sorts by it."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

REFERENCES = [
    # table, column, target: rows that only describe another row leave with it
    ("artifact_label", "artifact_id", "artifact"),
    ("artifact_label", "label_id", "label"),
    ("repository_star", "repository_id", "repository"),
    ("repository_star", "user_id", "account_user"),
]

COUNT = """
CREATE FUNCTION count_repository_star() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE repository SET stars = stars + 1 WHERE id = NEW.repository_id;
  ELSE
    UPDATE repository SET stars = stars - 1 WHERE id = OLD.repository_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER repository_starred AFTER INSERT OR DELETE ON repository_star
  FOR EACH ROW EXECUTE FUNCTION count_repository_star();
"""


def constraint(table: str, column: str, target: str) -> migrations.RunSQL:
    name = f"{table}_{column.removesuffix('_id')}_fk"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {target} (id) "
        "ON DELETE CASCADE NOT DEFERRABLE",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def described(to: str) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=to,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("artifacts", "0005_pulls"),
        ("projects", "0003_labels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "repository",
            "stars",
            models.IntegerField(db_default=0, default=0, help_text="rows of RepositoryStar"),
        ),
        migrations.CreateModel(
            name="ArtifactLabel",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "artifact_id",
                        "label_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("artifact", described("artifacts.artifact")),
                ("label", described("projects.label")),
                ("created_at", models.DateTimeField(db_default=Now())),
            ],
            options={
                "db_table": "artifact_label",
                "indexes": [models.Index(fields=["label", "artifact"], name="artifact_label_label")],
            },
        ),
        migrations.CreateModel(
            name="RepositoryStar",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "repository_id",
                        "user_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("repository", described("artifacts.repository")),
                ("user", described(settings.AUTH_USER_MODEL)),
                ("created_at", models.DateTimeField(db_default=Now())),
            ],
            options={
                "db_table": "repository_star",
                "indexes": [models.Index(fields=["user"], name="repository_star_user")],
            },
        ),
        *(constraint(*each) for each in REFERENCES),
        migrations.RunSQL(COUNT, "DROP FUNCTION count_repository_star CASCADE"),
    ]
