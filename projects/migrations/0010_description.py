"""What a project is for, in the words of who runs it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0009_figure_indexes")]

    operations = [
        migrations.AddField("project", "description", models.TextField(default="", db_default="")),
    ]
