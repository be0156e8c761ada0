"""An image whose layers are in 3,000 repositories, in a repository of 5,000 artifacts: its page reads what it shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.table import P, Role
from artifacts import places
from artifacts.browsing import bases, layers, pointers, referrers, sheets
from artifacts.models import Artifact
from artifacts.places import Located
from core.oci.digest import Digest
from core.oci.reference import Tag
from database import sql
from tests import people
from tests.crowds import Standing
from tests.registry_api.plans import blocks_touched

pytestmark = [pytest.mark.services]

BIG = {
    "repository",
    "artifact",
    "artifact_blob",
    "artifact_accessory",
    "artifact_child",
    "artifact_layer",
    "blob",
    "project_blob",
    "repository_blob",
    "tag",
    "tag_event",
}
ROWS = (
    """INSERT INTO repository (project_id, name, visible_at) SELECT %(project)s, %(name)s || '/r' || n, now()
    FROM generate_series(1, 3000) n""",
    """INSERT INTO blob (digest, size, storage_key) SELECT sha256((%(name)s || n)::bytea), n, %(name)s || n
    FROM generate_series(1, 20000) n""",
    """INSERT INTO artifact (repository_id, digest, media_type, payload, kind, pinned_until)
    SELECT r.id, sha256((r.name || n)::bytea), 'm', '', CASE WHEN n % 7 = 0 THEN 'index' ELSE 'image' END, now()
    FROM repository r CROSS JOIN LATERAL generate_series(1, CASE WHEN r.name = %(name)s || '/r1' THEN 5000 ELSE 1 END) n
    WHERE r.project_id = %(project)s""".replace("% 7", "%% 7"),
    # Thirty more of each, which nobody asks for: of a table that is little else, the planner reads all.
    """INSERT INTO repository_blob (repository_id, blob_id, pinned_until)
    SELECT r.id, b.id, now() FROM repository r JOIN blob b ON b.size <= 40 AND b.storage_key LIKE %(name)s || '%%'
    WHERE r.project_id = %(project)s""",
    """INSERT INTO project_blob (project_id, blob_id, n_links) SELECT %(project)s, b.id, 1 FROM blob b
    WHERE b.storage_key LIKE %(name)s || '%%' ON CONFLICT DO NOTHING""",
    """INSERT INTO artifact_blob (artifact_id, repository_id, blob_id)
    SELECT a.id, a.repository_id, b.id FROM artifact a JOIN repository r ON r.id = a.repository_id
    JOIN blob b ON b.size <= 10 AND b.storage_key LIKE %(name)s || '%%' WHERE r.project_id = %(project)s""",
    """INSERT INTO artifact_layer (artifact_id, position, digest, size)
    SELECT a.id, b.size - 1, b.digest, b.size FROM artifact a JOIN repository r ON r.id = a.repository_id
    JOIN blob b ON b.size <= 10 AND b.storage_key LIKE %(name)s || '%%' WHERE r.project_id = %(project)s""",
    """INSERT INTO tag (repository_id, name, artifact_id, version_key, platforms)
    SELECT a.repository_id, 'v' || a.id, a.id, 'v' || a.id, '{}' FROM artifact a JOIN repository r ON r.id = a.repository_id
    WHERE r.project_id = %(project)s""",
    """INSERT INTO tag_event (repository_id, name, kind, new_digest, actor_kind, actor_id, actor_name)
    SELECT a.repository_id, 'v' || a.id, 'create', a.digest, 'user', 1, 'x' FROM artifact a
    JOIN repository r ON r.id = a.repository_id WHERE r.project_id = %(project)s""",
    """INSERT INTO artifact_accessory (artifact_id, repository_id, subject_digest, kind)
    SELECT a.id, a.repository_id, b.digest, 'sbom' FROM artifact a JOIN artifact b ON b.id = a.id + 1
      AND b.repository_id = a.repository_id JOIN repository r ON r.id = a.repository_id WHERE r.project_id = %(project)s""",
    """INSERT INTO artifact_child (parent_id, repository_id, child_digest, child_id)
    SELECT a.id, a.repository_id, b.digest, b.id FROM artifact a JOIN artifact b ON b.id = a.id + 1
      AND b.repository_id = a.repository_id JOIN repository r ON r.id = a.repository_id WHERE r.project_id = %(project)s""",
)  # fmt: skip


class Crowd:
    """All that, somebody who sees it, and an index in the middle."""

    def __init__(self) -> None:
        project = people.make_project("crowd")
        for statement in ROWS:
            sql.execute(statement, {"project": project.pk, "name": project.name})
        self.name = f"{project.name}/r1"
        self.actor = people.principal(people.make_member(project, Role.GUEST))
        self.place: Located = places.located(self.actor, self.name, P.ARTIFACT_READ)
        rows = Artifact.objects.filter(repository_id=self.place.repository_id, kind="index")
        self.artifact = rows.order_by("pk")[300]
        self.digest = Digest.from_bytes(bytes(self.artifact.digest))


@pytest.fixture(scope="module")
def crowd(standing: Standing) -> Iterator[Crowd]:
    with standing(Crowd, BIG) as made:
        yield made


READS: dict[str, tuple[Callable[[Crowd], object], int]] = {
    "by tag": (lambda c: sheets.sheet(c.place, Tag.parse(f"v{c.artifact.pk}")), 2_500),
    "by digest": (lambda c: sheets.sheet(c.place, c.digest), 2_500),
    # Ten layers, of each of which 2,000 links are looked at, twice, and of 1,000 their repository.
    "layers": (lambda c: layers.layers(c.actor, c.place, c.artifact.pk), 120_000),
    "base": (lambda c: bases.layers_of(c.actor, f"{c.name}:v{c.artifact.pk}", ""), 1_000),
    "referrers": (lambda c: referrers.tree(c.place, [c.digest]), 1_000),
    "pointers": (lambda c: pointers.of_digest(c.place, c.digest), 1_000),
    "end": (lambda c: pointers.end_of(c.place, Tag.parse(f"v{c.artifact.pk}")), 1_000),
}


@pytest.mark.parametrize("name", list(READS))
def test_what_a_page_shows_is_found_by_indexes(crowd: Crowd, name: str) -> None:
    read, most = READS[name]
    with CaptureQueriesContext(connection) as captured:
        assert read(crowd) or name == "end"
    for query in captured:
        plan = "\n".join(line for (line,) in sql.rows("EXPLAIN " + query["sql"].replace("%", "%%")))
        assert set(re.findall(r"Seq Scan on (\w+)", plan)) & BIG == set(), plan
        assert blocks_touched(query["sql"]) < most, plan


def test_layers_say_how_many_repositories_have_them_up_to_a_thousand(crowd: Crowd) -> None:
    lines = layers.layers(crowd.actor, crowd.place, crowd.artifact.pk).lines
    assert [each.shared for each in lines] == [layers.Shared(1_000, is_all=False)] * 10
