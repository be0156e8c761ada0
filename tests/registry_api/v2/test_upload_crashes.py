"""What a worker killed at the worst moment leaves behind, built by hand: rows and files; then clients and the reaper come.

That a kill really leaves this is shown by the failpoint tests, which kill a server; here every way on from there is tried.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from artifacts import maintenance, repositories
from artifacts.repositories import Target
from core.oci.digest import Digest
from core.oci.names import RepositoryName
from database import sql
from projects.queries import ref
from tests import people
from tests.registry_api.answers import refused
from tests.registry_api.client import Repository, World
from tests.registry_api.files import broken, files_of, in_trash, published, set_upload, staged, upload
from tests.registry_api.wire import Body, bearer, send

LEASED = "lease_owner = gen_random_uuid(), lease_until = now() + interval '30 seconds'"
LEASE_OVER = "lease_until = now() - interval '1 second'"
FORGOTTEN = "updated_at = now() - interval '16 minutes'"
ACKNOWLEDGED = 40


class Wreck:
    """A session whose worker died. Its 100 bytes were staged, the first 40 acknowledged by a PATCH."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.content = (uuid4().bytes * 7)[:100]
        self.digest = Digest.of(self.content)
        self.location = repository.start()
        self.put = f"{self.location}?digest={self.digest}"
        repository.call("PATCH", self.location, content=self.content[:ACKNOWLEDGED])

    def while_writing(self) -> None:
        """Bytes beyond the acknowledged ones, some of them wrong, and a lease that nobody will give back."""
        staged(self.location).write_bytes(self.content[:ACKNOWLEDGED] + b"unacknowledged" * 20)
        set_upload(self.location, LEASED)

    def before_the_rename(self) -> None:
        """A PUT had verified all bytes and said so in the row; the file was not renamed yet."""
        self.while_writing()
        staged(self.location).write_bytes(self.content)
        named = f"state = 'finalizing', digest = '\\x{self.digest.hex}'"
        set_upload(self.location, named)

    def after_the_rename(self) -> None:
        """The same, and the file has its final name; the transaction that makes it a blob never came."""
        self.before_the_rename()
        target = published(self.location, self.digest)
        target.parent.mkdir(exist_ok=True)
        staged(self.location).rename(target)

    def troubles(self) -> list[str]:
        return broken(self.digest.hex, self.location.rpartition("/")[2], self.repository.name)

    def is_a_blob(self) -> bool:
        return self.repository.call("GET", f"blobs/{self.digest}").content == self.content


@pytest.fixture
def wreck(world: World) -> Wreck:
    return Wreck(world.repository())


def test_after_a_crash_while_writing_resume_drops_what_was_never_acknowledged(wreck: Wreck) -> None:
    """Case 22."""
    wreck.while_writing()
    repository, rest = wreck.repository, wreck.content[ACKNOWLEDGED:]
    headers = {"Content-Range": f"{ACKNOWLEDGED}-99"}
    assert repository.call("GET", wreck.location).headers["Range"] == "0-39"
    answer = repository.call("PATCH", wreck.location, content=rest, headers=headers)
    assert refused(answer) == (416, "BLOB_UPLOAD_INVALID")  # until the dead request's lease is over
    set_upload(wreck.location, LEASE_OVER)
    answer = repository.call("PATCH", wreck.location, content=rest, headers=headers)
    assert (answer.status_code, answer.headers["Range"]) == (202, "0-99")
    assert staged(wreck.location).read_bytes() == wreck.content
    assert repository.call("PUT", wreck.put).status_code == 201
    assert wreck.is_a_blob()
    assert wreck.troubles() == []


def test_after_a_crash_while_writing_an_empty_put_verifies_the_real_bytes(wreck: Wreck) -> None:
    """Case 22."""
    wreck.while_writing()
    set_upload(wreck.location, LEASE_OVER)
    prefix = Digest.of(wreck.content[:ACKNOWLEDGED])
    assert wreck.repository.call("PUT", f"{wreck.location}?digest={prefix}").status_code == 201
    assert wreck.repository.call("GET", f"blobs/{prefix}").content == wreck.content[:ACKNOWLEDGED]


@pytest.mark.parametrize("died", [Wreck.before_the_rename, Wreck.after_the_rename])
def test_after_a_crash_while_finishing_the_same_put_ends_well(
    wreck: Wreck, died: Callable[[Wreck], None]
) -> None:
    """Case 22. As clients repeat it: with the bytes that were not acknowledged."""
    died(wreck)
    set_upload(wreck.location, LEASE_OVER)
    answer = wreck.repository.call("PUT", wreck.put, content=wreck.content[ACKNOWLEDGED:])
    assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (201, str(wreck.digest))
    assert wreck.is_a_blob()
    assert wreck.troubles() == []


def test_after_a_crash_between_rename_and_commit_an_empty_put_ends_well(wreck: Wreck) -> None:
    """Case 22."""
    wreck.after_the_rename()
    set_upload(wreck.location, f"{LEASE_OVER}, received = 100")
    assert wreck.repository.call("PUT", wreck.put).status_code == 201
    assert wreck.is_a_blob()
    assert wreck.repository.call("PUT", wreck.put).status_code == 201
    assert wreck.troubles() == []


def test_after_a_crash_between_rename_and_commit_another_digest_finds_no_session(wreck: Wreck) -> None:
    wreck.after_the_rename()
    set_upload(wreck.location, LEASE_OVER)
    other = f"{wreck.location}?digest={Digest.of(b'other')}"
    assert refused(wreck.repository.call("PUT", other, content=b"other")) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert wreck.troubles() == []


def patch_of_nothing(wreck: Wreck) -> int:
    return wreck.repository.call("PATCH", wreck.location).status_code


def patch(wreck: Wreck) -> int:
    return wreck.repository.call("PATCH", wreck.location, content=b"more").status_code


def broken_patch(wreck: Wreck) -> int:
    return _broken(wreck, "PATCH", wreck.location)


def broken_put(wreck: Wreck) -> int:
    return _broken(wreck, "PUT", wreck.put)


def _broken(wreck: Wreck, method: str, path: str) -> int:
    target, headers = f"/v2/{wreck.repository.name}/{path}", bearer(wreck.repository)
    registry = wreck.repository.client.registry
    return send(registry, method, target, body=Body(OSError("gone")), length=60, headers=headers).status_code


def cancel(wreck: Wreck) -> int:
    return wreck.repository.call("DELETE", wreck.location).status_code


def push_again(wreck: Wreck) -> int:
    wreck.repository.push_blob(wreck.content)
    return 201


@pytest.mark.parametrize("died", [Wreck.while_writing, Wreck.before_the_rename, Wreck.after_the_rename])
@pytest.mark.parametrize("act", [patch_of_nothing, patch, broken_patch, broken_put, cancel, push_again, None])
def test_whatever_a_client_does_next_no_file_is_forgotten_and_the_reaper_clears_up(
    wreck: Wreck, died: Callable[[Wreck], None], act: Callable[[Wreck], int] | None
) -> None:
    """Case 22."""
    died(wreck)
    set_upload(wreck.location, LEASE_OVER)
    status = act(wreck) if act else 0
    assert status < 500
    assert wreck.troubles() == []
    set_upload(wreck.location, f"{LEASE_OVER}, {FORGOTTEN}, expires_at = now() - interval '1 second'")
    maintenance.reap_uploads()
    assert upload(wreck.location) is None
    assert not staged(wreck.location).exists()
    assert wreck.troubles() == []
    leftover = published(wreck.location, wreck.digest)
    key = f"{leftover.parent.name}/{leftover.name}"
    assert (key in in_trash(wreck.digest)) is leftover.exists()
    assert wreck.repository.push_blob(wreck.content)
    assert wreck.is_a_blob()


def test_the_reaper_leaves_a_finishing_session_alone_for_a_quarter_of_an_hour(wreck: Wreck) -> None:
    wreck.after_the_rename()
    maintenance.reap_uploads()
    set_upload(wreck.location, LEASE_OVER)
    maintenance.reap_uploads()
    assert upload(wreck.location) is not None
    set_upload(wreck.location, FORGOTTEN)
    maintenance.reap_uploads()
    assert upload(wreck.location) is None
    assert len(in_trash(wreck.digest)) == 1
    assert files_of(wreck.digest) == [published(wreck.location, wreck.digest)]


def test_after_a_crash_behind_the_commit_the_put_succeeds_again_and_the_reaper_never_takes_the_file(
    wreck: Wreck,
) -> None:
    """Case 22. The answer was lost, nothing else."""
    answer = wreck.repository.call("PUT", wreck.put, content=wreck.content[ACKNOWLEDGED:])
    assert answer.status_code == 201
    assert wreck.repository.call("PUT", wreck.put, content=wreck.content[ACKNOWLEDGED:]).status_code == 201
    set_upload(wreck.location, f"{FORGOTTEN}, expires_at = now() - interval '1 second'")
    maintenance.reap_uploads()
    assert upload(wreck.location) is None
    assert wreck.is_a_blob()
    assert in_trash(wreck.digest) == []
    assert wreck.troubles() == []


def test_the_purge_of_a_deleted_repository_gives_back_what_it_used_and_keeps_files_that_others_link(
    world: World,
) -> None:
    gone, stays = world.repository(), world.repository()
    gone.push_image(layers=[b"shared layer", b"own layer" + uuid4().bytes])
    stays.push_image(layers=[b"shared layer"])
    wreck = Wreck(gone)
    wreck.after_the_rename()
    repositories.delete(people.SYSTEM, Target(RepositoryName.parse(gone.name), ref(world.project)))
    for lease in (LEASED, LEASE_OVER):
        set_upload(wreck.location, lease)
        maintenance.purge_deleted()
        left = sql.value("SELECT count(*) FROM repository WHERE name = %s", [gone.name])
        assert left == (1 if lease == LEASED else 0)  # a row goes last: a request may still be writing
    assert upload(wreck.location) is None
    assert stays.call("GET", f"blobs/{Digest.of(b'shared layer')}").content == b"shared layer"
    assert stays.call("GET", "manifests/latest").status_code == 200
    assert broken(wreck.digest.hex, f"project {world.project.pk} ", world.project.name) == []
