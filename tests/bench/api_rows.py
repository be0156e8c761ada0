"""Projects, repositories, artifacts, tags and members in the database of a server, so many that it matters how they are found.

Past the triggers, with the counts those would have kept. Each tenth of the repositories lies in one project, each tenth of the
tags in its first repository. Two tags name the same artifact; each tenth artifact is an index of two parts without a tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import psycopg

PROJECT, REPOSITORY = "bench-1", "app-1"
"""The big project, and the big repository in it."""
LEAST_PROJECTS: Final = 200
"""A page of a hundred is full for the reader, too."""
MEMBER_OF: Final = 5
"""The reader is a member of each fifth project, the big one among them."""
TABLES: Final = (
    "project",
    "project_contents",
    "quota",
    "member",
    "repository",
    "repository_stats",
    "artifact",
    "artifact_child",
    "tag",
    "repository_change",
)


@dataclass(frozen=True, slots=True)
class Amount:
    repositories: int
    tags: int
    events: int

    def part(self, of: int) -> Amount:
        return Amount(self.repositories // of, self.tags // of, self.events // of)

    def times(self, factor: int, *, events: int) -> Amount:
        """`events`: of those so many times as many, where there is more at all."""
        return Amount(
            self.repositories * factor, self.tags * factor, self.events * (events if factor > 1 else 1)
        )

    def __str__(self) -> str:
        return f"{self.repositories:,} repositories, {self.tags:,} tags, {self.events:,} events"


ONCE: Final = Amount(10_000, 100_000, 1_000_000)

# The project `library` is there already; events name projects by the numbers below 90.
_PROJECTS = """
    INSERT INTO project (id, name, public, owner_id, created_at)
    SELECT n + 1, 'bench-' || n, n % 2 = 0, (SELECT id FROM account_user WHERE username = %(admin)s),
      now() - n * interval '1 minute'
    FROM generate_series(1, %(projects)s) n
"""
_QUOTAS = "INSERT INTO quota (project_id) SELECT id FROM project WHERE name LIKE 'bench-%'"
_MEMBERS = """
    INSERT INTO member (project_id, user_id, role_id, created_by_name)
    SELECT p.id, person.id, 1, '' FROM project p JOIN account_user person ON person.username = %(reader)s
    WHERE p.name LIKE 'bench-%' AND p.id % %(member_of)s = 2
"""
_REPOSITORIES = """
    INSERT INTO repository (id, project_id, name, description, created_at, visible_at)
    SELECT n, p.id, p.name || '/app-' || n, 'The service app-' || n, now() - n * interval '20 seconds', now()
    FROM generate_series(1, %(repositories)s) n
    JOIN project p ON p.id = CASE WHEN n <= %(repositories)s / 10 THEN 2 ELSE 3 + n % (%(projects)s - 1) END
"""
# hashint8 spreads what is next to each other over the year.
_ARTIFACTS = """
    INSERT INTO artifact (id, repository_id, project_id, digest, media_type, payload, kind, pinned_until, pushed_at, pushed_by,
      total_size, config, config_type, os, architecture, author, built_at)
    SELECT n, r.id, r.project_id, sha256(n::text::bytea),
      CASE WHEN is_index THEN 'application/vnd.oci.image.index.v1+json'
        ELSE 'application/vnd.oci.image.manifest.v1+json' END,
      CASE WHEN is_index THEN convert_to(json_build_object('schemaVersion', 2, 'manifests', json_build_array(
          json_build_object('digest', 'sha256:' || encode(sha256(('p1-' || n)::bytea), 'hex'), 'size', 1200,
            'platform', json_build_object('os', 'linux', 'architecture', 'amd64')),
          json_build_object('digest', 'sha256:' || encode(sha256(('p2-' || n)::bytea), 'hex'), 'size', 1200,
            'platform', json_build_object('os', 'linux', 'architecture', 'arm64'))))::text, 'UTF8')
        ELSE convert_to(repeat(md5(n::text), 36), 'UTF8') END,
      CASE WHEN is_index THEN 'index' ELSE 'image' END, now(),
      now() - (hashint8(n)::bigint & 2147483647) % 31536000 * interval '1 second', 'bench', 40000000 + n,
      CASE WHEN is_index THEN NULL ELSE convert_to(json_build_object('os', 'linux', 'architecture', 'amd64', 'config',
        json_build_object('Env', json_build_array('PATH=/usr/local/bin:/usr/bin:/bin', 'BUILD=' || n),
          'Cmd', json_build_array('/bin/app', '--serve'), 'WorkingDir', '/srv', 'User', 'app',
          'Labels', json_build_object('org.opencontainers.image.revision', md5(n::text),
            'org.opencontainers.image.version', 'v' || n)),
        'rootfs', json_build_object('type', 'layers', 'diff_ids', json_build_array(md5('a' || n), md5('b' || n))))::text,
        'UTF8') END,
      CASE WHEN is_index THEN '' ELSE 'application/vnd.oci.image.config.v1+json' END,
      CASE WHEN is_index THEN '' ELSE 'linux' END, CASE WHEN is_index THEN '' ELSE 'amd64' END, '', now()
    FROM (SELECT n, n % 10 = 0 AS is_index FROM generate_series(1, %(tagged)s) n) each
    JOIN repository r ON r.id = CASE WHEN n <= %(tagged)s / 10 THEN 1 ELSE 1 + n % %(repositories)s END
"""
_PARTS = """
    INSERT INTO artifact (id, repository_id, project_id, digest, media_type, payload, kind, pinned_until, pushed_at, pushed_by,
      total_size, config_type, os, architecture, author)
    SELECT %(tagged)s + 2 * whole.id / 10 + p, whole.repository_id, whole.project_id,
      sha256(('p' || p || '-' || whole.id)::bytea),
      'application/vnd.oci.image.manifest.v1+json', convert_to(repeat(md5(whole.id::text), 36), 'UTF8'), 'image', now(),
      whole.pushed_at - interval '1 second', 'bench', 40000000,
      'application/vnd.oci.image.config.v1+json', 'linux', (ARRAY['amd64', 'arm64'])[p], ''
    FROM artifact whole CROSS JOIN generate_series(1, 2) p WHERE whole.kind = 'index'
"""
_CHILDREN = """
    INSERT INTO artifact_child (parent_id, repository_id, child_digest, child_id, os, architecture)
    SELECT whole.id, whole.repository_id, part.digest, part.id, part.os, part.architecture
    FROM artifact whole CROSS JOIN generate_series(1, 2) p
    JOIN artifact part ON part.id = %(tagged)s + 2 * whole.id / 10 + p WHERE whole.kind = 'index'
"""
_TAGS = """
    INSERT INTO tag (repository_id, name, artifact_id, version_key, platforms, pushed_at, pushed_by, size)
    SELECT a.repository_id, word || a.id, a.id, word || a.id, '{linux/amd64}', a.pushed_at, 'bench', a.total_size
    FROM artifact a CROSS JOIN unnest(ARRAY['v1.', 'build-']) word WHERE a.id <= %(tagged)s
"""
_STATISTICS = """
    INSERT INTO repository_stats (repository_id, tag_count, artifact_count, listed_count, last_push_at, pulls_total)
    SELECT a.repository_id, 2 * count(*) FILTER (WHERE a.id <= %(tagged)s), count(*),
      count(*) FILTER (WHERE a.id <= %(tagged)s), max(a.pushed_at), a.repository_id % 1000
    FROM artifact a GROUP BY a.repository_id
"""
_PROJECT_OF = """
    UPDATE {table} SET project_id = repository.project_id FROM repository WHERE repository.id = {table}.repository_id
"""
_CONTENTS = """
    INSERT INTO project_contents (project_id, repository_count) SELECT project_id, count(*) FROM repository GROUP BY project_id
    ON CONFLICT (project_id) DO UPDATE SET repository_count = EXCLUDED.repository_count
"""
STATEMENTS: Final = (
    _PROJECTS,
    _QUOTAS,
    _MEMBERS,
    _REPOSITORIES,
    _ARTIFACTS,
    _PARTS,
    _CHILDREN,
    _TAGS,
    _STATISTICS,
    _PROJECT_OF.format(table="repository_stats"),
    _CONTENTS,
)


def fill(server: psycopg.Connection[Any], amount: Amount, *, admin: str, reader: str) -> None:
    """`server`: an autocommit connection of the superuser to the database of a server without projects."""
    values = {
        "repositories": amount.repositories,
        "projects": max(LEAST_PROJECTS, amount.repositories // 20),
        "tagged": amount.tags // 2,
        "admin": admin,
        "reader": reader,
        "member_of": MEMBER_OF,
    }
    with server.transaction():
        server.execute("SET LOCAL session_replication_role = replica")
        for statement in STATEMENTS:
            server.execute(_literal(statement, values))
        for table in ("project", "repository", "artifact"):
            server.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            )
    for table in TABLES:
        server.execute(f"VACUUM (ANALYZE) {table}")


def _literal(statement: str, values: dict[str, object]) -> bytes:
    """With the values written in: a `%` stays what SQL means by it."""
    text = statement
    for name, value in values.items():
        text = text.replace(f"%({name})s", f"'{value}'" if isinstance(value, str) else str(value))
    return text.encode()
