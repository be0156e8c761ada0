"""Indexes for reading: a page of events is found by any one filter without reading what it leaves out.

Written by hand as 0001. Each ends with (ts, id), the order of pages, so that a page is a stretch of one. Names are cut: an
index holds no value of more than 2,700 bytes, and no event may be refused for the length of a name. Decision record 0016.
"""

from django.db import migrations, models

INDEXES = [
    "SET LOCAL statement_timeout = 0",
    "DROP INDEX audit_event_project, audit_event_actor, audit_event_operation",
    "CREATE INDEX audit_event_time ON audit_event (ts, id)",
    "CREATE INDEX audit_event_project ON audit_event (project_id, ts, id)",
    "CREATE INDEX audit_event_actor ON audit_event (actor_kind, actor_id, ts, id)",
    "CREATE INDEX audit_event_operation ON audit_event (operation, ts, id)",
    "CREATE INDEX audit_event_name ON audit_event (lower(left(actor_name, 200)), ts, id)",
    "CREATE INDEX audit_event_resource ON audit_event (left(resource_name, 200) text_pattern_ops, ts, id)",
    "CREATE INDEX audit_event_address ON audit_event (ip, ts, id)",
    # What many events have is soon found in the order of time; what is rare has an index.
    "CREATE INDEX audit_event_result ON audit_event (result, ts, id) WHERE result <> 'ok'",
    """
    CREATE INDEX audit_event_kind ON audit_event (actor_kind, ts, id)
        WHERE actor_kind <> 'user' AND actor_kind <> 'robot'
    """,
    """
    CREATE INDEX audit_event_type ON audit_event (resource_type, ts, id)
        WHERE resource_type <> 'artifact' AND resource_type <> 'tag' AND resource_type <> 'repository'
          AND resource_type <> 'user' AND resource_type <> 'robot'
    """,
]

# The stretch that the partitions of a table cover. A search within it need not look at the DEFAULT partition, so that it reads
# the others one after the other, the newest first, and stops when the page is full. SECURITY DEFINER: the run-time role reads
# no partition by its name.
COVERED = [
    """
    CREATE FUNCTION audit_covered() RETURNS TABLE (parent text, lower_bound timestamptz, upper_bound timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT known.parent, min(known.lower_bound), max(known.upper_bound) FROM public.audit_partitions() known
        WHERE CASE known.parent
            WHEN 'audit_event' THEN NOT EXISTS (SELECT FROM public.audit_event_default)
            WHEN 'audit_pull' THEN NOT EXISTS (SELECT FROM public.audit_pull_default) END
        GROUP BY known.parent
    $$
    """,
    "REVOKE ALL ON FUNCTION audit_covered() FROM PUBLIC",
    """
    DO $$
    BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'wharf_app') THEN
            GRANT EXECUTE ON FUNCTION audit_covered() TO wharf_app;
        END IF;
    END $$
    """,
]

UNDO = (
    "DROP FUNCTION audit_covered()",
    """
    DROP INDEX audit_event_time, audit_event_project, audit_event_actor, audit_event_operation, audit_event_name,
        audit_event_resource, audit_event_address, audit_event_result, audit_event_kind, audit_event_type
    """,
    "CREATE INDEX audit_event_project ON audit_event (project_id, ts DESC, id)",
    "CREATE INDEX audit_event_actor ON audit_event (actor_kind, actor_id, ts DESC, id)",
    "CREATE INDEX audit_event_operation ON audit_event (operation, ts DESC, id)",
)

KEPT = {
    "audit_event_project": ["project_id", "ts", "id"],
    "audit_event_actor": ["actor_kind", "actor_id", "ts", "id"],
    "audit_event_operation": ["operation", "ts", "id"],
}


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_seal")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL([*INDEXES, *COVERED], reverse_sql=UNDO)],
            state_operations=[
                operation
                for name, fields in KEPT.items()
                for operation in (
                    migrations.RemoveIndex("auditevent", name),
                    migrations.AddIndex("auditevent", models.Index(fields=fields, name=name)),
                )
            ],
        ),
    ]
