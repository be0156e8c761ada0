"""How a project has its pulls logged. All have them coalesced at first."""

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("projects", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="pull_log",
            field=models.TextField(db_default="coalesced", default="coalesced"),
        ),
        AddConstraintNotValid(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("pull_log__in", ["all", "coalesced", "off"])), name="project_pull_log"
            ),
        ),
        ValidateConstraint(model_name="project", name="project_pull_log"),
        AddIndexConcurrently(
            model_name="project",
            index=models.Index(
                fields=["id"],
                include=["pull_log"],
                condition=models.Q(("pull_log", "coalesced"), _negated=True),
                name="project_pull_log_different",
            ),
        ),
    ]
