"""Tags and artifacts of all repositories by the beginning of their name or digest."""

from django.db import migrations

INDEXES = {
    # In the order of a search; a tag's name never changes, so a push that moves one writes nothing here.
    "tag_by_name": "tag (name, repository_id)",
    "artifact_by_digest": "artifact (digest)",
}


def made(name: str, where: str) -> list[migrations.RunSQL]:
    """The index, made anew where an interrupted try left half of it."""
    return [
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", migrations.RunSQL.noop),
        migrations.RunSQL(f"CREATE INDEX CONCURRENTLY {name} ON {where}", f"DROP INDEX {name}"),
    ]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("artifacts", "0015_pointers")]

    operations = [
        # Making an index waits for every transaction that began before.
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
        *(operation for name, where in INDEXES.items() for operation in made(name, where)),
        migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
        migrations.RunSQL("RESET statement_timeout", migrations.RunSQL.noop),
    ]
