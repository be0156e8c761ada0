"""How far events are collected for forwarding: one row, made when forwarding is turned on for the first time."""

from django.db import migrations

TABLE = """
    CREATE TABLE audit_forward (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        mark_xid bigint NOT NULL,
        mark_id bigint NOT NULL,
        base bigint NOT NULL,
        top bigint NOT NULL,
        collected bigint NOT NULL DEFAULT 0,
        moved_at timestamptz NOT NULL DEFAULT now()
    )
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_reading")]

    operations = [migrations.RunSQL(TABLE, reverse_sql="DROP TABLE audit_forward")]
