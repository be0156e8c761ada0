"""Pulls arrive in the statistics: each once, of the repository, the artifact and the tag."""

from __future__ import annotations

from pathlib import Path

import pytest

from artifacts import pull_statistics, statistics
from artifacts.models import ArtifactUsage, RepositoryChange, RepositoryStats
from audit import pulls, usage
from audit.pulls import PullSpool
from audit.spool.shipper import Shipper
from database import sql
from tests.artifacts import rows
from tests.registry_api.client import Repository, World
from tests.registry_api.crowd import at_once

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def shipper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shipper:
    """What this process notes comes to this shipper alone."""
    monkeypatch.setattr(pulls, "_spool", PullSpool(tmp_path))
    return Shipper(tmp_path)


def pull(repository: Repository, reference: str, times: int = 1) -> None:
    for _ in range(times):
        assert repository.call("GET", f"manifests/{reference}").status_code == 200


def totals(repository: Repository) -> tuple[int, int, int]:
    """Pulls of the repository, of its artifacts together, of its tags together in 30 days."""
    found = sql.one(
        """
        SELECT coalesce((SELECT pulls_total FROM repository_stats WHERE repository_id = %(id)s), 0),
          (SELECT coalesce(sum(pulls_total), 0)::bigint FROM artifact_usage JOIN artifact a ON a.id = artifact_id
           WHERE a.repository_id = %(id)s),
          (SELECT coalesce(sum(pulls_30d), 0)::bigint FROM tag WHERE repository_id = %(id)s)
        """,
        {"id": rows.row(repository).pk},
    )
    return found[0], found[1], found[2]


def test_pulls_by_tag_and_by_digest_are_counted_each_once(world: World, shipper: Shipper) -> None:
    repository = world.repository("maintainer")
    digest = repository.push_image("1")
    pull(repository, "1", 3)
    pull(repository, digest, 2)
    assert repository.call("HEAD", "manifests/1").status_code == 200
    assert repository.call("HEAD", f"manifests/{digest}").status_code == 200
    assert totals(repository) == (0, 0, 0)
    shipper.step()
    statistics.fold()
    statistics.fold()
    assert totals(repository) == (5, 5, 3)
    pull(repository, "1")
    shipper.step()
    at_once([statistics.fold] * 4)
    statistics.fold()
    assert totals(repository) == (6, 6, 4)


def test_the_last_pull_is_told_and_never_goes_back(world: World, shipper: Shipper) -> None:
    repository = world.repository("maintainer")
    repository.push_image("1")
    pull(repository, "1")
    shipper.step()
    statistics.fold()
    stats = RepositoryStats.objects.get(repository_id=rows.row(repository).pk)
    tag = rows.tag(repository, "1")
    assert (
        stats.last_pull_at
        == tag.last_pull_at
        == ArtifactUsage.objects.get(artifact=tag.artifact_id).last_pull_at
    )
    sql.execute(
        "INSERT INTO audit_pulled (repository_id, digest, tag, pulls, last_at) "
        "SELECT repository_id, digest, '1', 1, now() - interval '1 year' FROM artifact WHERE id = %s",
        [tag.artifact_id],
    )
    statistics.fold()
    assert rows.tag(repository, "1").last_pull_at == tag.last_pull_at
    assert totals(repository)[0] == 2


def test_counting_is_no_reason_to_recount_the_repository(world: World, shipper: Shipper) -> None:
    repository = world.repository("maintainer")
    repository.push_image("1")
    statistics.fold()
    pull(repository, "1")
    shipper.step()
    pull_statistics.fold()
    assert totals(repository)[2] == 1
    assert not RepositoryChange.objects.filter(repository_id=rows.row(repository).pk).exists()


def test_pulls_of_what_is_gone_meanwhile_hold_nobody_up(world: World, shipper: Shipper) -> None:
    repository = world.repository("maintainer")
    digest = repository.push_image("1")
    kept = repository.push_image("2", config=b"other")
    for reference in ("1", digest, "2", kept):
        pull(repository, reference)
    for path in ("manifests/1", f"manifests/{digest}"):
        assert repository.call("DELETE", path).status_code == 202
    shipper.step()
    statistics.fold()
    assert totals(repository) == (4, 2, 1)
    assert usage.take(10) == []


def test_the_counts_of_an_artifact_leave_with_it(world: World, shipper: Shipper) -> None:
    repository = world.repository("maintainer")
    digest = repository.push_image("1")
    pull(repository, "1")
    shipper.step()
    statistics.fold()
    assert totals(repository)[1] == 1
    for path in ("manifests/1", f"manifests/{digest}"):
        assert repository.call("DELETE", path).status_code == 202
    assert totals(repository) == (1, 0, 0)


def test_pulls_of_more_than_30_days_ago_leave_the_count_of_a_tag(world: World, shipper: Shipper) -> None:
    repository = world.repository("maintainer")
    repository.push_image("1")
    pull(repository, "1", 2)
    shipper.step()
    statistics.fold()
    number = rows.row(repository).pk
    pull_statistics.age()
    assert totals(repository)[2] == 2
    sql.execute("UPDATE audit_usage SET day = day - 30, pulls = 2 WHERE repository_id = %s", [number])
    pull_statistics.age()
    assert totals(repository) == (2, 2, 0)
    pull(repository, "1")
    shipper.step()
    statistics.fold()
    assert totals(repository)[2] == 1
    assert [pulled for _, pulled in usage.by_day(number, rows.row(repository).created_at.date())] == [1]
