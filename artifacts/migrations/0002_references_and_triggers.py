"""What Django cannot express: foreign keys that lock at once, and the triggers that write reviews.

Reviews (gc_event) are written by triggers because only OLD is exact: a SELECT before an upsert misses a row created meanwhile.
The lease comes from the connection (`wharf.lease`), so that one setting rules application and database.
"""

from django.db import migrations

REFERENCES = [
    # table, columns, target, target columns, on delete
    ("repository", "project_id", "project", "id", "RESTRICT"),
    ("repository_blob", "repository_id", "repository", "id", "RESTRICT"),
    ("repository_blob", "blob_id", "blob", "id", "RESTRICT"),
    ("project_blob", "project_id", "project", "id", "RESTRICT"),
    ("project_blob", "blob_id", "blob", "id", "RESTRICT"),
    ("artifact", "repository_id", "repository", "id", "RESTRICT"),
    ("artifact_blob", "artifact_id", "artifact", "id", "RESTRICT"),
    ("artifact_blob", "repository_id, blob_id", "repository_blob", "repository_id, blob_id", "RESTRICT"),
    ("artifact_child", "parent_id", "artifact", "id", "RESTRICT"),
    ("artifact_child", "child_id", "artifact", "id", "RESTRICT"),
    ("tag", "repository_id", "repository", "id", "RESTRICT"),
    ("tag", "artifact_id", "artifact", "id", "RESTRICT"),
    ("upload", "repository_id", "repository", "id", "RESTRICT"),
    # rows that only describe another row leave with it
    ("artifact_layer", "artifact_id", "artifact", "id", "CASCADE"),
    ("artifact_accessory", "artifact_id", "artifact", "id", "CASCADE"),
    ("repository_stats", "repository_id", "repository", "id", "CASCADE"),
    ("tag_event", "repository_id", "repository", "id", "CASCADE"),
]


def constraint(table: str, columns: str, target: str, target_columns: str, rule: str) -> migrations.RunSQL:
    name = f"{table}_{columns.rsplit(',', maxsplit=1)[-1].strip().removesuffix('_id')}_fk"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {target} ({target_columns}) "
        f"ON DELETE {rule} NOT DEFERRABLE",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


LEASE = """
CREATE FUNCTION wharf_lease() RETURNS interval LANGUAGE sql STABLE
RETURN coalesce(nullif(current_setting('wharf.lease', true), ''), '24 hours')::interval;
"""

# An artifact without tag, parent or living subject is reviewed; so is one just pushed, because it may never get a tag.
ARTIFACT_REVIEWS = """
CREATE FUNCTION review_artifact_of_tag() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO gc_event (kind, a, review_after, cause) VALUES ('m', OLD.artifact_id, now(), 'tag ' || lower(TG_OP));
  RETURN NULL;
END $$;
CREATE TRIGGER tag_deleted AFTER DELETE ON tag FOR EACH ROW EXECUTE FUNCTION review_artifact_of_tag();
CREATE TRIGGER tag_moved AFTER UPDATE OF artifact_id ON tag FOR EACH ROW
  WHEN (OLD.artifact_id <> NEW.artifact_id) EXECUTE FUNCTION review_artifact_of_tag();

CREATE FUNCTION review_pushed_artifact() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO gc_event (kind, a, review_after, cause) VALUES ('m', NEW.id, NEW.pinned_until, 'push');
  RETURN NULL;
END $$;
CREATE TRIGGER artifact_pushed AFTER INSERT OR UPDATE OF pinned_until ON artifact FOR EACH ROW EXECUTE FUNCTION review_pushed_artifact();

CREATE FUNCTION review_referrers() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO gc_event (kind, a, review_after, cause)
    SELECT 'm', id, now(), 'subject deleted' FROM artifact
    WHERE repository_id = OLD.repository_id AND subject_digest = OLD.digest;
  RETURN NULL;
END $$;
CREATE TRIGGER artifact_deleted AFTER DELETE ON artifact FOR EACH ROW EXECUTE FUNCTION review_referrers();

CREATE FUNCTION review_child() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO gc_event (kind, a, review_after, cause)
    SELECT 'm', id, now(), 'index deleted' FROM artifact
    WHERE repository_id = OLD.repository_id AND digest = OLD.child_digest;
  RETURN NULL;
END $$;
CREATE TRIGGER artifact_child_deleted AFTER DELETE ON artifact_child FOR EACH ROW EXECUTE FUNCTION review_child();
"""

# The last pending review of a link decides, so each dereference starts a fresh lease.
LINK_REVIEWS = """
CREATE FUNCTION review_dereferenced_link() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO gc_event (kind, a, b, review_after, cause)
    VALUES ('l', OLD.repository_id, OLD.blob_id, now() + wharf_lease(), 'manifest deleted');
  RETURN NULL;
END $$;
CREATE TRIGGER artifact_blob_deleted AFTER DELETE ON artifact_blob FOR EACH ROW EXECUTE FUNCTION review_dereferenced_link();

CREATE FUNCTION review_pinned_link() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO gc_event (kind, a, b, review_after, cause)
    VALUES ('l', NEW.repository_id, NEW.blob_id, NEW.pinned_until, 'pin');
  RETURN NULL;
END $$;
CREATE TRIGGER repository_blob_pinned AFTER INSERT OR UPDATE OF pinned_until ON repository_blob
  FOR EACH ROW EXECUTE FUNCTION review_pinned_link();
"""

BLOB_REVIEWS = """
CREATE FUNCTION review_unlinked_blob() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO gc_event (kind, a, review_after, cause) VALUES ('b', OLD.blob_id, now(), 'link deleted');
  RETURN NULL;
END $$;
CREATE TRIGGER repository_blob_deleted AFTER DELETE ON repository_blob FOR EACH ROW EXECUTE FUNCTION review_unlinked_blob();

CREATE FUNCTION trash_replaced_file() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO blob_trash (storage_key, digest, size, delete_after)
    VALUES (OLD.storage_key, OLD.digest, OLD.size, now() + wharf_lease());
  RETURN NULL;
END $$;
CREATE TRIGGER blob_healed AFTER UPDATE OF storage_key ON blob FOR EACH ROW
  WHEN (OLD.storage_key <> NEW.storage_key) EXECUTE FUNCTION trash_replaced_file();
"""

CHANGES = """
CREATE FUNCTION note_repository_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO repository_change (repository_id) SELECT DISTINCT repository_id FROM old_rows;
  ELSE
    INSERT INTO repository_change (repository_id) SELECT DISTINCT repository_id FROM new_rows;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER artifact_added AFTER INSERT ON artifact REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_repository_change();
CREATE TRIGGER artifact_removed AFTER DELETE ON artifact REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_repository_change();
CREATE TRIGGER tag_added AFTER INSERT ON tag REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_repository_change();
CREATE TRIGGER tag_changed AFTER UPDATE ON tag REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_repository_change();
CREATE TRIGGER tag_removed AFTER DELETE ON tag REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_repository_change();
"""

UNDO = """
DROP FUNCTION review_artifact_of_tag, review_pushed_artifact, review_referrers, review_child, review_dereferenced_link,
  review_pinned_link, review_unlinked_blob, trash_replaced_file, note_repository_change, wharf_lease CASCADE
"""


class Migration(migrations.Migration):
    dependencies = [("artifacts", "0001_initial"), ("projects", "0001_initial")]

    operations = [
        *(constraint(*each) for each in REFERENCES),
        migrations.RunSQL(LEASE + ARTIFACT_REVIEWS + LINK_REVIEWS + BLOB_REVIEWS + CHANGES, UNDO),
    ]
