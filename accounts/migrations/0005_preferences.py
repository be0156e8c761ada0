"""How the pages look to somebody is kept with his account."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_keys_and_sessions")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="preferences",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
    ]
