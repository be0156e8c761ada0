"""Whose a session is, how it is spelled, how many there may be, and how it ends."""

from __future__ import annotations

import pytest

from artifacts import maintenance
from core.oci.digest import Digest
from database import sql
from projects.services.projects import delete_project
from tests import people
from tests.registry_api.answers import refused
from tests.registry_api.client import World
from tests.registry_api.files import set_upload, staged, upload
from tests.registry_api.wire import bearer, send

UNKNOWN = (404, "BLOB_UPLOAD_UNKNOWN")
ID = "5f0a4f9e-3c1f-4f0e-9d5b-7b0c6a1f2e3d"
METHODS = ("GET", "PATCH", "PUT", "DELETE")


@pytest.mark.parametrize(
    "spelling",
    ["../../etc/passwd", "..%2f..", "..%2f..%2fetc%2fpasswd", ID.upper(), f"%7B{ID}%7D", f"urn:uuid:{ID}",
     ID.replace("-", ""), f"{ID}%00", f"{ID}%0A", f"%20{ID}", f"{ID}/x", "x", "%EF%BC%91" * 32, "0" * 5000,
     "3df91cc6-e562-11f1-af1b-02fc00000001",
     "d0e35bb8-1198-4cb6-adee-223c88746e84", "..", "%ff"],
)  # fmt: skip
def test_any_spelling_but_the_canonical_one_is_no_session(world: World, spelling: str) -> None:
    """Case 29."""
    repository = world.repository()
    path = f"/v2/{repository.name}/blobs/uploads/{spelling}?digest={Digest.of(b'x')}"
    for method in METHODS:
        answer = send(world.registry, method, path, body=b"x", headers=bearer(repository))
        assert refused(answer) == UNKNOWN, method


def test_the_session_itself_is_found_by_no_other_spelling(world: World) -> None:
    """Case 29."""
    repository = world.repository()
    location = repository.start()
    upload_id = "a" + location.rpartition("/")[2][1:]  # so that upper case is another spelling
    sql.execute(
        "UPDATE upload SET id = %s::uuid WHERE id = %s::uuid", [upload_id, location.rpartition("/")[2]]
    )
    location = f"blobs/uploads/{upload_id}"
    for spelling in (
        upload_id.upper(),
        "{" + upload_id + "}",
        f"urn:uuid:{upload_id}",
        upload_id.replace("-", ""),
    ):
        path = f"/v2/{repository.name}/blobs/uploads/{spelling}"
        assert refused(send(world.registry, "GET", path, headers=bearer(repository))) == UNKNOWN
    assert repository.call("GET", location).status_code == 204


@pytest.mark.parametrize("thief", ["same person, other repository", "other person", "administrator", "guest"])
def test_a_session_is_nobody_elses(world: World, thief: str) -> None:
    """Case 30, and the hijack matrix of the threat model: every method is refused and not a byte changes."""
    own = world.repository("maintainer")
    location = own.start()
    own.call("PATCH", location, content=b"mine")
    match thief:
        case "same person, other repository":
            other = world.repository("maintainer")
            assert other.call("POST", "blobs/uploads/").status_code == 202
        case "other person":
            other = world.developer.repository(own.name)
        case "administrator":
            other = world.admin.repository(own.name)
        case _:
            other = world.guest.repository(own.name)
    for method in METHODS:
        path = f"{location}?digest={Digest.of(b'mine')}"
        answer = other.call(method, path, content=b"stolen" if method in ("PATCH", "PUT") else b"")
        expected = (401, "UNAUTHORIZED") if thief == "guest" and method != "GET" else UNKNOWN
        assert refused(answer) == expected
    assert staged(location).read_bytes() == b"mine"
    assert own.call("GET", location).headers["Range"] == "0-3"
    assert own.call("PUT", f"{location}?digest={Digest.of(b'mine')}").status_code == 201


def test_a_session_of_another_project_is_unknown(world: World) -> None:
    """Case 30."""
    stranger = World.make(world.registry)
    location = world.repository().start()
    theirs = stranger.repository()
    assert refused(theirs.call("GET", location)) == UNKNOWN


def test_a_token_that_may_only_push_cancels_a_session_once(world: World) -> None:
    """Case 30."""
    repository = world.repository("developer")
    location = repository.start()
    path = f"/v2/{repository.name}/{location}"
    headers = bearer(repository, "push")
    assert send(world.registry, "DELETE", path, headers=headers).status_code == 204
    assert not staged(location).exists()
    for method in ("DELETE", "PATCH", "PUT", "GET"):
        answer = repository.call(method, f"{location}?digest={Digest.of(b'')}")
        assert refused(answer) == UNKNOWN


def test_a_token_that_may_only_pull_reads_its_session_and_does_not_write(world: World) -> None:
    repository = world.repository("developer")
    path = f"/v2/{repository.name}/{repository.start()}"
    headers = bearer(repository, "pull")
    assert send(world.registry, "GET", path, headers=headers).status_code == 204
    for method in ("PATCH", "PUT", "DELETE"):
        answer = send(world.registry, method, path, body=b"x", headers=headers)
        assert refused(answer) == (401, "UNAUTHORIZED")


def test_a_thousand_open_sessions_are_enough(world: World) -> None:
    """Of the last ten minutes, by one person; others go on, and so does he when some have ended."""
    repository = world.repository("developer")
    first = repository.start()
    sql.execute(
        """
        INSERT INTO upload (id, storage_state, repository_id, actor_kind, actor_id, actor_name, state, expires_at)
        SELECT gen_random_uuid(), '', repository_id, actor_kind, actor_id, actor_name, 'open', expires_at
        FROM upload, generate_series(1, 999) WHERE id = %s::uuid
        """,
        [first.rpartition("/")[2]],
    )
    before = set(staged("x").parent.iterdir())
    for path in ("blobs/uploads/", f"blobs/uploads/?digest={Digest.of(b'x')}"):
        answer = repository.call("POST", path, content=b"x")
        assert refused(answer) == (429, "TOOMANYREQUESTS")
        assert int(answer.headers["Retry-After"]) > 0
    assert set(staged("x").parent.iterdir()) <= before
    assert world.maintainer.repository(repository.name).call("POST", "blobs/uploads/").status_code == 202
    assert repository.call("DELETE", first).status_code == 204
    assert repository.call("POST", "blobs/uploads/").status_code == 202


def test_an_idle_session_expires_and_is_reaped_with_its_bytes(world: World) -> None:
    repository = world.repository()
    location, living = repository.start(), repository.start()
    repository.call("PATCH", location, content=b"half")
    repository.call("PATCH", living, content=b"half")
    set_upload(location, "expires_at = now() - interval '1 second'")
    assert refused(repository.call("PATCH", location, content=b"x")) == UNKNOWN
    maintenance.reap_uploads()
    assert upload(location) is None
    assert not staged(location).exists()
    assert repository.call("GET", living).status_code == 204


def test_each_acknowledged_chunk_lets_a_session_live_for_another_day(world: World) -> None:
    repository = world.repository()
    location = repository.start()
    set_upload(location, "expires_at = now() + interval '5 seconds'")
    repository.call("PATCH", location, content=b"x")
    left = "SELECT extract(epoch FROM expires_at - now()) / 3600 FROM upload WHERE id = %s::uuid"
    assert sql.value(left, [location.rpartition("/")[2]]) > 23.9


def test_a_deleted_project_takes_its_sessions_along(world: World) -> None:
    repository = world.repository()
    location = repository.start()
    repository.call("PATCH", location, content=b"half")
    delete_project(people.SYSTEM, world.project)
    maintenance.purge_deleted()
    assert upload(location) is None
    assert not staged(location).exists()
    assert sql.value("SELECT count(*) FROM repository WHERE project_id = %s", [world.project.pk]) == 0
