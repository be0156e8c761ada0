"""Referrers: everything that names a digest its subject, filtered and paged so that one page is nearly always all."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.oci.digest import Digest
from database import sql
from tests.registry_api import documents
from tests.registry_api.answers import link, refused
from tests.registry_api.client import INDEX, MANIFEST, Repository, World

CONFIG = b"{}"
SPDX = "application/spdx+json"
FOUR_MIB = 4 * 1024 * 1024


@pytest.fixture
def repository(world: World) -> Repository:
    made = world.repository("maintainer")
    made.push_blob(CONFIG)
    return made


def subject() -> dict[str, Any]:
    """A descriptor of a manifest that is nowhere: subjects need not exist."""
    return documents.descriptor(str(uuid4()).encode(), MANIFEST)


def refer(repository: Repository, to: dict[str, Any], **extra: Any) -> str:
    """Push a referrer by digest."""
    payload = documents.manifest(CONFIG, **{"annotations": {"n": str(uuid4())}, "subject": to, **extra})
    digest = str(Digest.of(payload))
    answer = repository.put_manifest(digest, payload)
    assert answer.status_code == 201, answer.text
    return digest


def listed(repository: Repository, to: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    answer = repository.call("GET", f"referrers/{to['digest']}{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == INDEX
    body = answer.json()
    assert (body["schemaVersion"], body["mediaType"]) == (2, INDEX)
    found: list[dict[str, Any]] = body["manifests"]
    return found


def test_an_unknown_digest_or_repository_has_no_referrers_and_is_no_error(world: World) -> None:
    """Case 65."""
    repository = world.repository("developer")
    assert listed(repository, subject()) == []
    repository.push_image()
    assert listed(repository, subject()) == []


def test_a_broken_digest_is_refused(repository: Repository) -> None:
    """Case 65."""
    for digest in ("garbage", "latest", "sha256:short", "sha256:" + "A" * 64, "md5:" + "a" * 32):
        assert refused(repository.call("GET", f"referrers/{digest}")) == (400, "DIGEST_INVALID")


def test_a_filter_finds_the_same_with_a_raw_and_an_escaped_plus(repository: Repository) -> None:
    """Case 65."""
    to = subject()
    bill = refer(repository, to, artifactType=SPDX)
    refer(repository, to, artifactType="text/x-other")
    for written in (SPDX, SPDX.replace("+", "%2B"), SPDX.replace("+", "%20")):
        path = f"referrers/{to['digest']}?artifactType={written}"
        answer = repository.call("GET", path)
        assert [each["digest"] for each in answer.json()["manifests"]] == [bill]
        assert answer.headers["OCI-Filters-Applied"] == "artifactType"
    assert "OCI-Filters-Applied" not in repository.call("GET", f"referrers/{to['digest']}").headers


def test_a_filter_without_hits_says_that_it_was_applied(repository: Repository) -> None:
    """Case 65."""
    to = subject()
    refer(repository, to)
    answer = repository.call("GET", f"referrers/{to['digest']}?artifactType=text/x-none")
    assert answer.json()["manifests"] == []
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"


def test_a_referrer_is_described_as_it_was_pushed(repository: Repository) -> None:
    """Case 66."""
    to = subject()
    annotations = {"org.example": "value", "created": "2024-01-02T03:04:05Z"}
    digest = refer(repository, to, artifactType=SPDX, annotations=annotations)
    size = len(repository.call("GET", f"manifests/{digest}").content)
    assert listed(repository, to) == [
        {
            "mediaType": MANIFEST,
            "digest": digest,
            "size": size,
            "artifactType": SPDX,
            "annotations": annotations,
        }
    ]


def test_without_a_type_of_its_own_an_image_has_its_configs_and_an_index_none(
    repository: Repository,
) -> None:
    """Case 66."""
    to = subject()
    refer(repository, to)
    index = documents.index([], subject=to)
    assert repository.put_manifest("index", index, INDEX).status_code == 201
    image, other = listed(repository, to)
    assert image["artifactType"] == documents.CONFIG
    assert (other["mediaType"], "artifactType" in other) == (INDEX, False)
    assert [each["mediaType"] for each in listed(repository, to, f"?artifactType={documents.CONFIG}")] == [
        MANIFEST
    ]


def test_a_deleted_referrer_is_not_listed(repository: Repository) -> None:
    """Case 66."""
    to = subject()
    first, second = refer(repository, to), refer(repository, to)
    assert repository.call("DELETE", f"manifests/{first}").status_code == 202
    assert [each["digest"] for each in listed(repository, to)] == [second]


def test_referrers_stay_listed_when_their_subject_is_deleted(repository: Repository) -> None:
    """Case 66."""
    digest = repository.push_image("subject")
    to = {"mediaType": MANIFEST, "digest": digest, "size": 1}
    referrer = refer(repository, to)
    assert repository.call("DELETE", f"manifests/{digest}").status_code == 202
    assert [each["digest"] for each in listed(repository, to)] == [referrer]


def test_referrers_of_another_repository_are_not_listed(world: World, repository: Repository) -> None:
    to = subject()
    refer(repository, to)
    other = world.repository("developer")
    other.push_image()
    assert listed(other, to) == []


def pages(repository: Repository, to: dict[str, Any], query: str = "") -> list[list[str]]:
    """The digests of each page."""
    where: str | None = f"referrers/{to['digest']}{query}"
    found = []
    while where is not None:
        answer = repository.call("GET", where)
        assert answer.status_code == 200
        assert len(answer.content) < FOUR_MIB
        found.append([each["digest"] for each in json.loads(answer.content)["manifests"]])
        following = link(answer)
        where = following.removeprefix(f"/v2/{repository.name}/") if following else None
    return found


def test_thirty_large_referrers_come_in_pages_below_four_mebibytes(repository: Repository) -> None:
    """Case 67."""
    to = subject()
    large = [refer(repository, to, annotations={"n": str(n), "pad": "x" * 300_000}) for n in range(30)]
    found = pages(repository, to)
    assert len(found) == 3
    assert [digest for page in found for digest in page] == large


def copies(repository: Repository, to: dict[str, Any], count: int, *, artifact_type: str) -> None:
    """That many referrers, put there in one statement."""
    sql.execute(
        """
        INSERT INTO artifact (repository_id, digest, media_type, payload, kind, artifact_type, subject_digest, pinned_until)
        SELECT r.id, sha256((r.name || n)::bytea), %s, '{}', 'image', %s, %s, now()
        FROM repository r, generate_series(1, %s::int) AS n WHERE r.name = %s
        """,
        [MANIFEST, artifact_type, Digest.parse(to["digest"]).raw, count, repository.name],
    )


def test_two_thousand_small_referrers_are_one_page(repository: Repository) -> None:
    """Case 67."""
    to = subject()
    repository.push_image()
    copies(repository, to, 2000, artifact_type=SPDX)
    (page,) = pages(repository, to)
    assert len(page) == 2000
    assert [len(each) for each in pages(repository, to, "?n=1500")] == [1500, 500]


def test_referrers_with_the_longest_types_keep_to_the_bound(repository: Repository) -> None:
    """Case 67."""
    to = subject()
    repository.push_image()
    copies(repository, to, 10_000, artifact_type="a/" + "t" * 253)
    assert sum(len(page) for page in pages(repository, to)) == 10_000


@pytest.mark.plain
def test_a_page_reads_no_more_annotations_than_it_shows(repository: Repository) -> None:
    """Case 67."""
    to = subject()
    for n in range(30):
        refer(repository, to, annotations={"n": str(n), "pad": "x" * 300_000})
    with CaptureQueriesContext(connection) as queries:
        listed(repository, to)
    (statement,) = [query["sql"] for query in queries if "subject_digest" in query["sql"]]
    rows = sql.rows(statement.replace("%", "%%"))
    read = sum(len(cell) for row in rows for cell in row if isinstance(cell, str))
    assert read < FOUR_MIB + 400_000
