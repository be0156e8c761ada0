"""A statement that is a transaction of its own can refuse: what it has written so far is undone."""

from django.db import migrations

REFUSE = """
CREATE OR REPLACE FUNCTION wharf_refuse(reason text) RETURNS boolean LANGUAGE plpgsql VOLATILE
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'WH001', MESSAGE = reason; END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("artifacts", "0003_fewer_reads_per_push")]

    operations = [migrations.RunSQL(REFUSE, "DROP FUNCTION wharf_refuse")]
