"""What a purge drops is written out before, proven, and told; what cannot be written stays."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from audit import purge
from audit.export import archive
from audit.purge import Outcome
from audit.streams import Stream
from config import audit_purge
from core.errors import Conflict
from database import sql
from jobs import leases
from jobs.models import Task
from jobs.progress import Progress, Stopped
from tests.audit.sealing import Log, django_on, superuser_of
from tests.audit.test_purge import OLD, add
from tests.people import SYSTEM
from wharf import audit_jobs

NASTY = 'a\\b"c\nd\te\u2028 =cmd \\\\N'
PULL = """
    INSERT INTO audit_pull (ts, repository_id, project_id, actor_id, agent_id, n, actor_kind, actor_name, repository, tag,
      digest, ip)
    SELECT now(), 1, 1, 1, (SELECT id FROM audit_agent WHERE agent = 'docker/28'), 3, 'user', 'alice', 'p/r', 't',
      '\\x00ff', NULL
"""


@pytest.fixture
def log(
    app_database_url: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker, settings: Any
) -> Iterator[Log]:
    """Six events of three months ago, one of them with every character that formats trip over, sealed."""
    with django_db_blocker.unblock(), django_on(app_database_url), superuser_of(app_database_url) as admin:
        made = Log(app_database_url, tmp_path, admin)
        settings.WHARF_AUDIT_KEY_FILE = made.keys
        settings.WHARF_AUDIT_ARCHIVE = tmp_path / "archive"
        add(made, "audit_event", 3)
        admin.execute(OLD.format(3))
        admin.execute(
            OLD.format(3).replace("'alice'", "%s").replace("generate_series(1, 5)", "generate_series(6, 6)"),
            [NASTY],
        )
        made.seal(3)
        yield made


def due() -> list[purge.Partition]:
    return purge.due({Stream.EVENTS: 30})


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.open(path, "rt", encoding="utf-8")]


def purged() -> Progress:
    run = audit_purge.start(SYSTEM, days=30)
    sql.execute("UPDATE job_run SET sent_at = now() WHERE id = %s", [run.pk])
    claimed = leases.claim(run.pk)
    assert claimed is not None
    progress = Progress.of(*claimed)
    audit_jobs.run_purge(progress, **run.arguments)
    progress.end()
    return progress


def test_a_purge_writes_out_what_it_drops_and_its_event_says_where(log: Log, configure: Any, tmp_path: Path):
    configure(audit_export_before_purge=True)
    assert purged().tracked.failed == 0
    assert due() == []
    (path,) = (tmp_path / "archive").glob("*.gz")
    manifest = json.loads(path.with_name(path.name.replace(".jsonl.gz", ".json")).read_text())
    assert {row["actor_name"] for row in lines(path)} == {"alice", NASTY}
    assert (manifest["rows"], manifest["file"], len(lines(path))) == (6, path.name, 6)
    assert manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert manifest["plain_sha256"] == hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
    (event,) = log.admin.execute(
        "SELECT detail FROM audit_event WHERE operation = 'audit.purge' AND detail ? 'archive'"
    ).fetchall()
    assert event[0]["archive"] == {
        "file": path.name,
        "rows": 6,
        "bytes": path.stat().st_size,
        "sha256": manifest["sha256"],
    }
    log.seal()
    assert log.verify().found == 0


def test_nothing_is_written_where_nobody_asked_for_it(log: Log, tmp_path: Path):
    assert purged().tracked.failed == 0
    assert (due(), (tmp_path / "archive").exists()) == ([], False)


def test_what_cannot_be_written_is_not_dropped(log: Log, configure: Any, tmp_path: Path):
    configure(audit_export_before_purge=True)
    (tmp_path / "archive").write_text("a file where the folder should be")
    progress = purged()
    assert progress.tracked.failed >= 1
    assert "could not be exported" in Task.objects.get(run_id=progress.run_id, key=due()[0].name).error
    assert due()[0].rows() == 6


def test_an_archive_that_is_whole_is_not_written_again(log: Log, tmp_path: Path):
    first = archive.archive(due()[0], tmp_path)
    assert archive.archive(due()[0], tmp_path) == first


def test_an_archive_that_was_damaged_is_kept_and_another_is_made(log: Log, tmp_path: Path):
    first = archive.archive(due()[0], tmp_path)
    broken = (tmp_path / first.file).read_bytes()[:-9]
    (tmp_path / first.file).write_bytes(broken)
    second = archive.archive(due()[0], tmp_path)
    assert second.file == first.file.replace(".jsonl", ".2.jsonl")
    assert (second.sha256, len(lines(tmp_path / second.file))) == (first.sha256, 6)
    assert (tmp_path / first.file).read_bytes() == broken


def test_an_archive_of_other_rows_is_kept_and_another_is_made(log: Log, tmp_path: Path):
    first = archive.archive(due()[0], tmp_path)
    packed = tmp_path / first.file
    other = gzip.decompress(packed.read_bytes()).replace(b'"alice"', b'"bobby"')
    packed.write_bytes(gzip.compress(other))
    forged = asdict(first) | {
        "bytes": packed.stat().st_size,
        "sha256": hashlib.sha256(packed.read_bytes()).hexdigest(),
        "plain_sha256": hashlib.sha256(other).hexdigest(),
    }
    (tmp_path / f"{due()[0].name}.json").write_text(json.dumps(forged))
    second = archive.archive(due()[0], tmp_path)
    assert (second.plain_sha256, second.file) == (
        first.plain_sha256,
        first.file.replace(".jsonl", ".2.jsonl"),
    )
    assert archive.archive(due()[0], tmp_path) == second


def test_an_archive_that_breaks_off_leaves_nothing_behind(log: Log, tmp_path: Path):
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Conflict, match="No space left"):
        archive.into(tmp_path, full)(due()[0])
    assert list(tmp_path.glob("audit_*")) == []


def test_a_disk_that_is_nearly_full_gets_no_archive(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(archive, "FREE_BYTES", 1 << 60)
    with pytest.raises(Conflict, match="nearly full"):
        archive.into(tmp_path)(due()[0])
    assert list(tmp_path.glob("audit_*")) == []


def test_a_volume_that_is_not_mounted_is_not_laid_out_anew(
    log: Log, configure: Any, tmp_path: Path, settings: Any
):
    configure(audit_export_before_purge=True)
    settings.WHARF_AUDIT_ARCHIVE_NAMED = True
    assert purged().tracked.failed == 1
    assert (len(due()), (tmp_path / "archive").exists()) == (1, False)


def test_a_file_that_is_cut_when_it_is_read_back_keeps_the_partition(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rename = Path.rename

    def cutting(path: Path, target: Path) -> Path:
        if path.name.endswith(".gz.part"):
            os.truncate(path, path.stat().st_size - 12)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", cutting)
    with pytest.raises(Conflict, match="could not be exported"):
        archive.into(tmp_path)(due()[0])


def test_what_an_archive_killed_on_its_way_left_is_no_archive(log: Log, tmp_path: Path):
    name = due()[0].name
    (tmp_path / f"{name}.jsonl.gz").write_bytes(b"half")
    (tmp_path / f"{name}.jsonl.gz.part").write_bytes(b"half")
    assert archive.archive(due()[0], tmp_path).rows == 6
    assert len(lines(tmp_path / f"{name}.jsonl.gz")) == 6


def test_a_disk_that_gives_other_bytes_back_keeps_the_partition(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rename = Path.rename

    def losing(path: Path, target: Path) -> Path:
        if path.name.endswith(".gz.part"):
            path.write_bytes(gzip.compress(b"{}\n"))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", losing)
    with pytest.raises(Conflict, match="1 rows of 6"):
        purge.drop(SYSTEM, due()[0], 30, [archive.into(tmp_path)])
    assert due()[0].rows() == 6
    assert list(tmp_path.glob("audit_event*.json")) == []


def test_a_run_that_is_stopped_drops_nothing(log: Log, tmp_path: Path):
    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        purge.drop(SYSTEM, due()[0], 30, [archive.into(tmp_path, stop)])
    assert due()[0].rows() == 6
    assert purge.drop(SYSTEM, due()[0], 30, [archive.into(tmp_path)]) == (Outcome.DROPPED, 6)


def test_pulls_are_kept_with_their_agents(log: Log, tmp_path: Path):
    log.admin.execute("INSERT INTO audit_agent (agent) VALUES ('docker/28') ON CONFLICT DO NOTHING")
    log.admin.execute(PULL)
    today, tomorrow = log.admin.execute(
        "SELECT date_trunc('day', now(), 'UTC'), date_trunc('day', now(), 'UTC') + interval '1 day'"
    ).fetchone() or (None, None)
    partition = purge.Partition("audit_pull", "audit_pull_today", today, tomorrow, 0)  # type: ignore[arg-type]
    made = archive.archive(partition, tmp_path)
    (row,) = lines(tmp_path / made.file)
    assert (row["agent"], row["n"], row["digest"]) == ("docker/28", 3, "\\x00ff")
