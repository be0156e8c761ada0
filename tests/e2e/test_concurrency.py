"""Fifty clients at once on one blob and on one tag (reliability rows 36 and 37; cases 28, 56 and 57)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from tests.e2e.conftest import Project
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf
from tests.images import image, sha256

CLIENTS = 50
T = TypeVar("T")


def at_once(work: Callable[[int], T], count: int = CLIENTS) -> list[T]:
    """Run `work(0)` … `work(count - 1)` in threads that start at the same moment; results in order."""
    barrier = threading.Barrier(count)

    def run(number: int) -> T:
        barrier.wait(30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.fixture
def developer(project: Project, registry_of: Callable[..., Registry]) -> Registry:
    return registry_of(project.developer)


def live_and_trashed(live: Wharf, data: bytes) -> tuple[int, int]:
    """How many blob rows with a file, and how many trash rows with one, there are for these bytes."""
    raw = bytes.fromhex(sha256(data).partition(":")[2])
    with live.database() as connection:
        rows = connection.execute("SELECT storage_key FROM blob WHERE digest = %s", [raw]).fetchall()
        trash = connection.execute("SELECT storage_key FROM blob_trash WHERE digest = %s", [raw]).fetchall()
    files = live.store / "blobs"
    assert all((files / key).is_file() for (key,) in rows + trash)
    assert len(list(files.glob(f"*/{raw.hex()}.*"))) == len(rows) + len(trash)
    return len(rows), len(trash)


def test_fifty_clients_push_the_same_blob_and_one_file_lives(
    live: Wharf, project: Project, developer: Registry
) -> None:
    data = f"the same blob of {project.name}".encode() * 20_000
    repository = f"{project.name}/same"
    answers = at_once(lambda _: developer.push_blob(repository, data))
    assert Counter(answer.status_code for answer in answers) == {201: CLIENTS}
    assert {answer.headers["docker-content-digest"] for answer in answers} == {sha256(data)}
    rows, trashed = live_and_trashed(live, data)
    assert rows == 1
    assert trashed < CLIENTS
    assert developer.get_blob(repository, sha256(data)).content == data


def test_twenty_repositories_share_one_stored_copy_and_the_quota_counts_it_once(
    live: Wharf, project: Project, developer: Registry
) -> None:
    data = f"one blob in twenty repositories of {project.name}".encode() * 100
    answers = at_once(lambda number: developer.push_blob(f"{project.name}/r{number}", data), 20)
    assert Counter(answer.status_code for answer in answers) == {201: 20}
    assert live_and_trashed(live, data)[0] == 1
    query = """SELECT p.n_links, q.used FROM project_blob p JOIN blob b ON b.id = p.blob_id
               JOIN project ON project.id = p.project_id JOIN quota q ON q.project_id = p.project_id
               WHERE project.name = %s AND b.digest = %s"""
    raw = bytes.fromhex(sha256(data).partition(":")[2])
    with live.database() as connection:
        assert connection.execute(query, [project.name, raw]).fetchall() == [(20, len(data))]


def test_fifty_clients_move_one_tag_and_every_read_is_whole(project: Project, developer: Registry) -> None:
    repository = f"{project.name}/moving"
    base = image({"base": project.name.encode()})
    developer.push(repository, "start", base)
    images = [
        image({"base": project.name.encode()}, annotations={"turn": str(turn)}) for turn in range(CLIENTS)
    ]
    manifests = [made.manifest for made in images]
    done = threading.Event()
    wrong: list[str] = []

    def read_until_done() -> int:
        reads = 0
        while not done.is_set():
            answer = developer.get_manifest(repository, "tag")
            reads += 1
            if answer.status_code == 404:
                continue
            if answer.status_code != 200 or answer.headers["docker-content-digest"] != sha256(answer.content):
                wrong.append(f"{answer.status_code} {answer.headers.get('docker-content-digest')}")
        return reads

    with ThreadPoolExecutor(3) as readers:
        reading = [readers.submit(read_until_done) for _ in range(3)]
        try:
            answers = at_once(lambda turn: developer.put_manifest(repository, "tag", manifests[turn]))
        finally:
            done.set()
        assert sum(reader.result() for reader in reading) > 0
    assert wrong == []
    assert Counter(answer.status_code for answer in answers) == {201: CLIENTS}
    final = developer.get_manifest(repository, "tag")
    assert final.headers["docker-content-digest"] in {manifest.digest for manifest in manifests}
    developer.pull_whole(repository, "tag")


def test_a_tag_put_while_its_old_digest_is_deleted_never_dangles(
    project: Project, registry_of: Callable[..., Registry]
) -> None:
    maintainer = registry_of(project.maintainer)
    repository = f"{project.name}/race"
    old, new = image({"a": b"old"}), image({"a": b"new"})
    maintainer.push(repository, "seed", new)
    path = f"/v2/{repository}/manifests/{old.digest}"

    def act(number: int) -> int:
        if number % 2:
            return int(maintainer.put_manifest(repository, "tag", new.manifest).status_code)
        return int(maintainer.request("DELETE", path, scope=f"repository:{repository}:delete").status_code)

    for _ in range(10):
        maintainer.push(repository, "tag", old)
        statuses = at_once(act, 4)
        assert set(statuses[1::2]) == {201}
        assert set(statuses[::2]) <= {202, 404}
        assert maintainer.pull_whole(repository, "tag")[0] == new.digest


def test_fifty_clients_push_the_same_image_and_it_pulls_whole(project: Project, developer: Registry) -> None:
    repository = f"{project.name}/image"
    made = image({"all": project.name.encode()}, {"push": b"the same"})

    def push(_: int) -> int:
        for blob in made.blobs:
            assert developer.push_blob(repository, blob.data).status_code == 201
        return int(developer.put_manifest(repository, "1", made.manifest).status_code)

    assert set(at_once(push)) == {201}
    assert developer.pull_whole(repository, "1")[0] == made.digest
