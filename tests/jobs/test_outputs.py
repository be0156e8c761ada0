"""Files that runs leave: whole or not there, for who asked for them alone, gone when their time is over."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from access.allowances import Allowances
from access.principal import ActorKind, Principal
from core.blobstore.base import Session
from core.blobstore.filesystem import FilesystemBlobStore
from core.errors import Denied, StorageFailed
from database import sql
from jobs import leases, outputs
from jobs.models import Output, Run, State
from jobs.outputs import OutputUnknown
from jobs.progress import LeaseLost, Progress
from tests.jobs.test_faults import lines, process_of
from tests.jobs.world import SYSTEM, World, wait

pytestmark = pytest.mark.services

ALICE = Principal(ActorKind.USER, 71, "alice")
ADMIN = Principal(ActorKind.USER, 72, "root", is_admin=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def storage(world: World, settings: Any) -> Path:
    """The world's storage, laid out, as both sides see it."""
    folder = world.folder / "storage"
    settings.WHARF_STORAGE = f"file://{folder}"
    FilesystemBlobStore(folder).prepare()
    for path in files(folder):
        path.unlink()
    return folder


def files(storage: Path) -> list[Path]:
    """All bytes that lie there, published or not."""
    found = (path for part in ("blobs", "uploads") for path in (storage / outputs.FOLDER / part).rglob("*"))
    return [path for path in found if path.is_file()]


def begun(actor: Principal = ALICE) -> Progress:
    """A run in the hands of this process."""
    from jobs import services

    with transaction.atomic():  # before the world's own worker sees it
        return claimed(services.start("demo.output", actor=actor, arguments={"pieces": 1}))


def claimed(run: Run) -> Progress:
    with transaction.atomic():
        sql.execute("UPDATE job_run SET sent_at = now(), state = 'queued' WHERE id = %s", [run.pk])
        found = leases.claim(run.pk)
    assert found is not None
    return Progress.of(*found)


def written(progress: Progress, content: bytes = b"x", keep: timedelta = HOUR) -> Output:
    return outputs.write(progress, "file.txt", "text/plain", [content], keep=keep)


def end(progress: Progress) -> None:
    Run.objects.filter(pk=progress.run_id).update(state=State.SUCCEEDED)


def test_a_worker_that_is_killed_leaves_no_half_file_and_the_next_attempt_a_whole_one(
    world: World, storage: Path, tmp_path: Path
) -> None:
    run = world.start("demo.output", pieces=3000, seconds=3, path=str(tmp_path / "p"))
    wait(lambda: Run.objects.get(pk=run.pk).bytes_done > 0, why=world.logs)
    os.kill(process_of(run), signal.SIGKILL)
    with pytest.raises(OutputUnknown):
        outputs.of_run(SYSTEM, run.pk)
    run = world.wait_state(run)
    assert (run.state, lines(tmp_path / "p")) == ("succeeded", ["begin 1", "begin 2"])
    output = outputs.of_run(SYSTEM, run.pk)
    with outputs.open_file(output) as opened:
        content = opened.read()
    assert [int(line) for line in content.split()] == list(range(3000))
    assert output.sha256 == hashlib.sha256(content).hexdigest() == run.result["sha256"]
    assert (output.size, len(files(storage))) == (3_000_000, 1)


def test_a_run_that_is_stopped_leaves_nothing(world: World, storage: Path) -> None:
    from jobs import services

    run = world.start("demo.output", pieces=5000, seconds=60)
    wait(lambda: Run.objects.get(pk=run.pk).bytes_done > 0, why=world.logs)
    services.stop(SYSTEM, run.pk)
    assert world.wait_state(run).state == "stopped"
    assert (files(storage), Output.objects.count()) == ([], 0)


def test_a_run_that_is_done_again_replaces_its_file(world: World, storage: Path) -> None:
    first = begun()
    written(first, b"old")
    second = claimed(Run.objects.get(pk=first.run_id))
    written(second, b"new")
    with outputs.open_file(outputs.of_run(ALICE, first.run_id)) as opened:
        assert opened.read() == b"new"
    assert len(files(storage)) == 1


def test_a_worker_that_lost_its_run_publishes_nothing(world: World, storage: Path) -> None:
    first = begun()
    second = claimed(Run.objects.get(pk=first.run_id))
    with pytest.raises(LeaseLost):
        written(first, b"late")
    assert files(storage) == []

    def stolen() -> Any:
        yield b"half"
        claimed(Run.objects.get(pk=first.run_id))

    with pytest.raises(LeaseLost):
        outputs.write(second, "file.txt", "text/plain", stolen(), keep=HOUR)
    assert (files(storage), Output.objects.count()) == ([], 0)


def test_what_a_worker_names_while_its_file_is_removed_goes_too(
    world: World, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, store, upload_id = begun(), outputs.store(), uuid4()
    facts = first.lease.facts | {"name": "file.txt", "media_type": "text/plain", "upload_id": upload_id}
    output = sql.value(outputs._BEGIN, facts)
    done = store.append(store.begin(upload_id), 0, [b"late"])
    abort = FilesystemBlobStore.abort
    named: list[Session] = []

    def naming(removing: FilesystemBlobStore, session: Session) -> None:
        if session.upload_id == upload_id and not named:
            named.append(session)
            assert done.digest is not None
            sql.execute(outputs._NOTE_DIGEST, [done.digest.raw, output])
            store.commit(session, done.digest, size=4, known=done.digest)
        abort(removing, session)

    monkeypatch.setattr(FilesystemBlobStore, "abort", naming)
    written(claimed(Run.objects.get(pk=first.run_id)), b"new")
    assert (len(named), len(files(storage)), Output.objects.count()) == (1, 1, 1)


def test_only_who_asked_for_it_may_have_it(world: World, storage: Path) -> None:
    progress = begun()
    written(progress)
    assert outputs.of_run(ALICE, progress.run_id).name == "file.txt"
    for other in (ADMIN, SYSTEM, replace(ALICE, grants={}), replace(ALICE, kind=ActorKind.ROBOT)):
        with pytest.raises(OutputUnknown):
            outputs.of_run(other, progress.run_id)
    bounded: Allowances = ()
    with pytest.raises(Denied, match="some of your rights"):
        outputs.of_run(replace(ALICE, allowances=bounded), progress.run_id)


def test_a_file_whose_time_is_over_can_no_longer_be_had_and_is_removed(world: World, storage: Path) -> None:
    kept, over = begun(), begun()
    written(kept)
    written(over, keep=timedelta(seconds=0.2))
    end(kept)
    end(over)
    time.sleep(0.3)
    with pytest.raises(OutputUnknown):
        outputs.of_run(ALICE, over.run_id)
    assert list(outputs.kept([kept.run_id, over.run_id])) == [kept.run_id]
    assert outputs.remove_ended(kept) == 1
    assert (len(files(storage)), Output.objects.get().run_id) == (1, kept.run_id)


def test_files_of_runs_that_are_gone_and_what_nobody_goes_on_writing_are_removed(
    world: World, storage: Path
) -> None:
    gone, abandoned, working = begun(), begun(), begun()
    written(gone)
    Run.objects.filter(pk=gone.run_id).delete()
    for progress in (abandoned, working):
        written(progress)
        Output.objects.filter(run_id=progress.run_id).update(state="writing", expires_at=None)
    Run.objects.filter(pk=abandoned.run_id).update(state=State.FAILED)
    assert outputs.remove_ended(working) == 2
    assert Output.objects.get().run_id == working.run_id


def test_a_file_the_storage_has_lost_is_told_as_such(world: World, storage: Path) -> None:
    progress = begun()
    output = written(progress)
    next((storage / outputs.FOLDER / "blobs").rglob(f"{output.sha256}.*")).unlink()
    with pytest.raises(OutputUnknown, match="done again"):
        outputs.open_file(output)


def test_an_unmounted_storage_is_not_laid_out_anew(world: World, tmp_path: Path, settings: Any) -> None:
    settings.WHARF_STORAGE = f"file://{tmp_path}"
    with pytest.raises(StorageFailed, match="not mounted"):
        written(begun())
    assert list(tmp_path.iterdir()) == []


def test_many_bytes_need_little_memory(world: World, storage: Path) -> None:
    progress = begun()
    piece = bytes(1 << 20)
    before = _resident()
    output = outputs.write(progress, "big", "text/plain", (piece for _ in range(128)), keep=HOUR)
    assert output.size == 128 << 20
    assert _resident() - before < 16 << 20


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
