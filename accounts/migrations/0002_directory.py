import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="admin_from_directory",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="auditor_from_directory",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="disabled_by",
            field=models.CharField(
                blank=True,
                choices=[("", "Nobody"), ("admin", "Admin"), ("directory", "Directory")],
                db_default="",
                default="",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="source",
            field=models.CharField(
                choices=[("local", "Local"), ("ldap", "Ldap")],
                db_default="local",
                default="local",
                max_length=32,
            ),
        ),
        migrations.CreateModel(
            name="Group",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                (
                    "source",
                    models.CharField(
                        choices=[("local", "Local"), ("ldap", "Ldap")],
                        db_default="local",
                        default="local",
                        max_length=32,
                    ),
                ),
                ("subject", models.CharField(blank=True, db_default="", default="", max_length=255)),
                ("dn", models.CharField(blank=True, db_default="", default="", max_length=2048)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("synced_at", models.DateTimeField(null=True)),
                ("gone_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "user_group",
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"), name="user_group_name_lower"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("subject", ""), _negated=True),
                        fields=("source", "subject"),
                        name="user_group_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", "local"), ("subject", "")),
                            models.Q(
                                models.Q(("source", "local"), _negated=True),
                                models.Q(("subject", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="user_group_subject_unless_local",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GroupMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("added_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="people",
                        to="accounts.group",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="groups",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "user_group_member",
                "constraints": [
                    models.UniqueConstraint(fields=("group", "user"), name="user_group_member_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(choices=[("local", "Local"), ("ldap", "Ldap")], max_length=32)),
                ("issuer", models.CharField(blank=True, db_default="", default="", max_length=512)),
                ("subject", models.CharField(max_length=255)),
                ("name", models.CharField(blank=True, db_default="", default="", max_length=255)),
                ("dn", models.CharField(blank=True, db_default="", default="", max_length=2048)),
                ("linked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("gone_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identities",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "account_identity",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "issuer", "subject"), name="account_identity_subject"
                    ),
                    models.UniqueConstraint(
                        fields=("user", "source", "issuer"), name="account_identity_one_per_source"
                    ),
                ],
            },
        ),
    ]
