"""The local spool of pulls: one line each, kept by a killed process, never in the way of the pull."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from access.principal import ActorKind, Origin, Principal
from audit import pulls
from audit.pulls import PullLine, PullSpool

ACTOR = Principal(
    ActorKind.USER, 7, "ann", origin=Origin(ip="192.0.2.7", agent="docker/27\n\ud800", request_id="r1")
)


def line(tag: str = "1.0") -> PullLine:
    return PullLine.of(
        ACTOR, project_id=1, repository_id=2, repository="team/app", digest="sha256:" + "0" * 64, tag=tag
    )


def is_held(path: Path) -> bool:
    """Whether a process that may append to it lives, as the shipper finds out."""
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def spooled(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(text) for path in sorted(folder.glob("*.jsonl")) for text in path.read_text().splitlines()
    ]


def test_a_pull_is_one_line_with_its_facts(tmp_path: Path):
    spool = PullSpool(tmp_path)
    spool.note(line())
    (found,) = spooled(tmp_path)
    assert found.pop("ts").endswith("+00:00")
    assert found == {
        "actor_kind": "user",
        "actor_id": 7,
        "actor_name": "ann",
        "project_id": 1,
        "repository_id": 2,
        "repository": "team/app",
        "digest": "sha256:" + "0" * 64,
        "tag": "1.0",
        "ip": "192.0.2.7",
        "agent": "docker/27\ufffd\ufffd",
        "request_id": "r1",
        "n": 1,
    }


def test_the_file_name_says_which_process_wrote_it(tmp_path: Path):
    PullSpool(tmp_path).note(line())
    (path,) = tmp_path.iterdir()
    _, pid, started, suffix = path.name.rsplit(".", 3)
    assert (pid, suffix) == (str(os.getpid()), "jsonl")
    assert started.isdigit()


def test_a_full_file_is_closed_and_another_begun(tmp_path: Path):
    spool = PullSpool(tmp_path, max_file_bytes=1000)
    for number in range(20):
        spool.note(line(str(number)))
    files = list(tmp_path.iterdir())
    assert len(files) > 3
    assert all(path.stat().st_size <= 1000 for path in files)
    assert [found["tag"] for found in spooled(tmp_path)] == [str(number) for number in range(20)]


def test_a_full_spool_drops_and_counts_and_says_so_when_there_is_room_again(tmp_path: Path):
    spool = PullSpool(tmp_path, max_spool_bytes=1000)
    for number in range(10):
        spool.note(line(str(number)))
    kept = len(spooled(tmp_path))
    assert 0 < kept < 10
    spool._max_spool_bytes = 10_000
    spool.note(line("after"))
    gap, after = spooled(tmp_path)[kept:]
    assert gap["gap"] == 10 - kept
    assert gap["since"] <= gap["until"]
    assert after["tag"] == "after"


def test_a_spool_that_stays_full_says_what_it_dropped_all_the_same(tmp_path: Path):
    spool = PullSpool(tmp_path, max_spool_bytes=1000, sync_seconds=0.01)
    for number in range(10):
        spool.note(line(str(number)))
    deadline = time.monotonic() + 10
    while "gap" not in (last := spooled(tmp_path)[-1]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert last["gap"] + len(spooled(tmp_path)) - 1 <= 10
    spool.close()
    assert sum(found["gap"] if "gap" in found else found["n"] for found in spooled(tmp_path)) == 10


def test_the_writer_holds_its_file_until_it_moves_on(tmp_path: Path):
    spool = PullSpool(tmp_path, max_file_bytes=1000)
    spool.note(line())
    (first,) = tmp_path.iterdir()
    assert is_held(first)
    while len(list(tmp_path.iterdir())) == 1:
        spool.note(line())
    (second,) = set(tmp_path.iterdir()) - {first}
    assert (is_held(first), is_held(second)) == (False, True)
    spool.close()
    assert not is_held(second)


def test_a_writer_that_is_beaten_to_the_lock_takes_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lock = fcntl.flock
    beaten: list[Path] = []

    def first_removed(file: int, how: int) -> None:
        if not beaten:
            beaten.extend(tmp_path.iterdir())
            beaten[0].unlink()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", first_removed)
    PullSpool(tmp_path).note(line("kept"))
    assert [found["tag"] for found in spooled(tmp_path)] == ["kept"]


def test_a_folder_that_cannot_be_written_does_not_disturb_the_pull(tmp_path: Path):
    blocked = tmp_path / "spool"
    blocked.write_text("a file where the folder should be")
    spool = PullSpool(blocked)
    for number in range(3):
        spool.note(line(str(number)))
    blocked.unlink()
    spool.note(line("after"))
    gap, after = spooled(blocked)
    assert (gap["gap"], after["tag"]) == (3, "after")


def test_a_line_torn_by_a_full_disk_does_not_spoil_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spool = PullSpool(tmp_path)
    spool.note(line("0"))
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:10]))
    spool.note(line("torn"))
    monkeypatch.undo()
    spool.note(line("2"))
    (path,) = tmp_path.iterdir()
    first, torn, gap, last = path.read_text().splitlines()
    assert len(torn) == 10
    assert [json.loads(first)["tag"], json.loads(gap)["gap"], json.loads(last)["tag"]] == ["0", 1, "2"]


def test_threads_do_not_mix_their_lines(tmp_path: Path):
    spool = PullSpool(tmp_path, max_file_bytes=20_000)

    def note_many() -> None:
        for number in range(100):
            spool.note(line(str(number)))

    threads = [threading.Thread(target=note_many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(spooled(tmp_path)) == 800


def test_what_was_written_is_synced_within_the_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    synced = threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda _file: synced.set())
    PullSpool(tmp_path, sync_seconds=0.01).note(line())
    assert synced.wait(5.0)


def test_a_killed_process_loses_none_of_its_lines(tmp_path: Path):
    child = os.fork()
    if child == 0:
        spool = PullSpool(tmp_path)
        for number in range(50):
            spool.note(line(str(number)))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(spooled(tmp_path)) == 50


def test_a_forked_child_writes_a_file_of_its_own(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.WHARF_SPOOL = tmp_path
    monkeypatch.setattr(pulls, "_spool", None)
    pulls.note(line("parent"))
    child = os.fork()
    if child == 0:
        pulls.note(line("child"))
        os._exit(0)
    os.waitpid(child, 0)
    pulls.note(line("parent again"))
    by_process = {
        path.name.rsplit(".", 3)[1]: [json.loads(text)["tag"] for text in path.read_text().splitlines()]
        for path in (tmp_path / "pulls").iterdir()
    }
    assert by_process == {str(os.getpid()): ["parent", "parent again"], str(child): ["child"]}
