"""A group keeps a name given here, and otherwise follows the directory's: so that one is remembered beside it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_directory")]

    operations = [
        migrations.AddField(
            model_name="group",
            name="directory_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=255),
        ),
    ]
