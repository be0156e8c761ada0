import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("kid", models.TextField(primary_key=True, serialize=False)),
                ("private_key", models.TextField()),
                ("public_jwk", models.JSONField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("activated_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "signing_key",
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("username", models.CharField(max_length=255)),
                ("email", models.CharField(blank=True, default="", max_length=254)),
                ("full_name", models.CharField(blank=True, default="", max_length=255)),
                ("is_active", models.BooleanField(db_default=True, default=True)),
                ("is_admin", models.BooleanField(db_default=False, default=False)),
                ("is_auditor", models.BooleanField(db_default=False, default=False)),
                ("auth_epoch", models.BigIntegerField(db_default=1, default=1)),
                ("source", models.CharField(db_default="local", default="local", max_length=32)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "account_user",
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("username"), name="account_user_username_lower"
                    ),
                    models.UniqueConstraint(fields=("username",), name="account_user_username"),
                ],
            },
        ),
    ]
