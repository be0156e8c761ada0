"""The audit table: native monthly partitions with a DEFAULT one, append-only by triggers and by privileges.

Written by hand because Django knows neither partitions nor triggers; its state is the model's. PostgreSQL 15 and newer.
"""

import django.db.models.functions.datetime
from django.db import migrations, models

TABLE = [
    "CREATE SEQUENCE audit_event_id_seq AS bigint",
    """
    CREATE TABLE audit_event (
        id bigint NOT NULL DEFAULT nextval('audit_event_id_seq'),
        ts timestamptz NOT NULL DEFAULT now(),
        actor_kind text NOT NULL,
        actor_id bigint NOT NULL,
        actor_name text NOT NULL,
        auth text NOT NULL,
        token_id text NOT NULL DEFAULT '',
        ip inet,
        agent text NOT NULL DEFAULT '',
        request_id text NOT NULL DEFAULT '',
        operation text NOT NULL,
        permission text NOT NULL DEFAULT '',
        resource_type text NOT NULL DEFAULT '',
        resource_id text NOT NULL DEFAULT '',
        resource_name text NOT NULL DEFAULT '',
        project_id bigint,
        result text NOT NULL,
        detail jsonb NOT NULL DEFAULT '{}',
        PRIMARY KEY (id, ts)
    ) PARTITION BY RANGE (ts)
    """,
    "ALTER SEQUENCE audit_event_id_seq OWNED BY audit_event.id",
    "CREATE TABLE audit_event_default PARTITION OF audit_event DEFAULT",
    "CREATE INDEX audit_event_project ON audit_event (project_id, ts DESC, id)",
    "CREATE INDEX audit_event_actor ON audit_event (actor_kind, actor_id, ts DESC, id)",
    "CREATE INDEX audit_event_operation ON audit_event (operation, ts DESC, id)",
    "CREATE INDEX audit_event_request ON audit_event (request_id)",
]

# Row triggers of a partitioned table are copied to its partitions, statement triggers are not: TRUNCATE of a single
# partition is guarded by a trigger of its own. The switch exists for test databases, which are emptied by TRUNCATE; the
# run-time role has no such privilege whatever the switch says.
APPEND_ONLY = [
    """
    CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' AND current_setting('wharf.audit_truncate', true) = 'on' THEN
            RETURN NULL;
        END IF;
        RAISE EXCEPTION 'the audit log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
        FOR EACH ROW EXECUTE FUNCTION audit_append_only()
    """,
    """
    CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
        FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
    """,
    """
    CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event_default
        FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
    """,
]

# Takes back what a blanket GRANT on all tables of the schema may have given the run-time role, on the table and on every
# partition (which could otherwise be written directly). Does nothing where the role does not exist. Part of every run of
# audit_ensure_partitions(), so that `wharf migrate` repairs the privileges each time.
PROTECT = [
    """
    CREATE FUNCTION audit_protect() RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
    DECLARE part regclass;
    BEGIN
        IF current_setting('wharf.audit_truncate', true) = 'on'
            OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wharf_app') THEN
            RETURN;
        END IF;
        IF has_table_privilege('wharf_app', 'audit_event', 'UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
            OR NOT has_table_privilege('wharf_app', 'audit_event', 'INSERT')
            OR NOT has_table_privilege('wharf_app', 'audit_event', 'SELECT') THEN
            REVOKE ALL ON audit_event FROM wharf_app;
            GRANT SELECT, INSERT ON audit_event TO wharf_app;
        END IF;
        GRANT USAGE ON SEQUENCE audit_event_id_seq TO wharf_app;
        GRANT EXECUTE ON FUNCTION audit_ensure_partitions(integer) TO wharf_app;
        FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit_event'::regclass LOOP
            IF has_table_privilege('wharf_app', part, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') THEN
                EXECUTE format('REVOKE ALL ON %s FROM wharf_app', part);
            END IF;
        END LOOP;
    END $$
    """,
    "REVOKE ALL ON FUNCTION audit_protect() FROM PUBLIC",
]

# SECURITY DEFINER: the daily run is made by the run-time role, which owns no table. ATTACH rather than PARTITION OF,
# because it does not lock out the writers of the other partitions.
ENSURE = [
    """
    CREATE FUNCTION audit_ensure_partitions(ahead integer) RETURNS TABLE (partition text, outcome text)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '4s' AS $$
    DECLARE
        first_of_month timestamp;
        lower_bound timestamptz;
        upper_bound timestamptz;
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('audit_ensure_partitions', 0));
        FOR step IN 0 .. greatest(0, least(ahead, 24)) LOOP
            first_of_month := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => step);
            lower_bound := first_of_month AT TIME ZONE 'UTC';
            upper_bound := (first_of_month + interval '1 month') AT TIME ZONE 'UTC';
            partition := 'audit_event_' || to_char(first_of_month, 'YYYY"m"MM');
            IF to_regclass(partition) IS NOT NULL THEN
                outcome := 'exists';
            ELSE
                outcome := audit_add_partition(partition, lower_bound, upper_bound);
            END IF;
            RETURN NEXT;
        END LOOP;
        PERFORM audit_protect();
    END $$
    """,
    """
    CREATE FUNCTION audit_add_partition(name text, lower_bound timestamptz, upper_bound timestamptz) RETURNS text
        LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
    BEGIN
        IF EXISTS (SELECT FROM audit_event_default WHERE ts >= lower_bound AND ts < upper_bound) THEN
            RETURN 'left in default';
        END IF;
        EXECUTE format('CREATE TABLE %I (LIKE audit_event INCLUDING DEFAULTS)', name);
        EXECUTE format('ALTER TABLE audit_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       name, lower_bound, upper_bound);
        EXECUTE format('CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON %I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()', name);
        RETURN 'created';
    EXCEPTION
        WHEN check_violation THEN RETURN 'left in default';
        WHEN lock_not_available THEN RETURN 'busy';
    END $$
    """,
    "REVOKE ALL ON FUNCTION audit_ensure_partitions(integer) FROM PUBLIC",
    "REVOKE ALL ON FUNCTION audit_add_partition(text, timestamptz, timestamptz) FROM PUBLIC",
    "SELECT audit_ensure_partitions(3)",
]

UNDO = (
    "DROP FUNCTION audit_ensure_partitions(integer)",
    "DROP FUNCTION audit_add_partition(text, timestamptz, timestamptz)",
    "DROP FUNCTION audit_protect()",
    "DROP TABLE audit_event",
    "DROP FUNCTION audit_append_only()",
)


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL([*TABLE, *APPEND_ONLY, *PROTECT, *ENSURE], reverse_sql=UNDO),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="AuditEvent",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("ts", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ("actor_kind", models.TextField()),
                        ("actor_id", models.BigIntegerField()),
                        ("actor_name", models.TextField()),
                        ("auth", models.TextField()),
                        ("token_id", models.TextField(db_default="")),
                        ("ip", models.GenericIPAddressField(null=True)),
                        ("agent", models.TextField(db_default="")),
                        ("request_id", models.TextField(db_default="")),
                        ("operation", models.TextField()),
                        ("permission", models.TextField(db_default="")),
                        ("resource_type", models.TextField(db_default="")),
                        ("resource_id", models.TextField(db_default="")),
                        ("resource_name", models.TextField(db_default="")),
                        ("project_id", models.BigIntegerField(null=True)),
                        ("result", models.TextField()),
                        ("detail", models.JSONField(db_default={})),
                    ],
                    options={
                        "db_table": "audit_event",
                        "indexes": [
                            models.Index(
                                models.F("project_id"),
                                models.OrderBy(models.F("ts"), descending=True),
                                models.F("id"),
                                name="audit_event_project",
                            ),
                            models.Index(
                                models.F("actor_kind"),
                                models.F("actor_id"),
                                models.OrderBy(models.F("ts"), descending=True),
                                models.F("id"),
                                name="audit_event_actor",
                            ),
                            models.Index(
                                models.F("operation"),
                                models.OrderBy(models.F("ts"), descending=True),
                                models.F("id"),
                                name="audit_event_operation",
                            ),
                            models.Index(models.F("request_id"), name="audit_event_request"),
                        ],
                    },
                ),
            ],
        ),
    ]
