"""Storage quota: refused with numbers, counted once a project, and nothing of a refused push stays."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import httpx2
import pytest

from core.oci.digest import Digest
from projects.services.projects import set_quota
from tests import people
from tests.registry_api.answers import refused
from tests.registry_api.client import Registry, Repository, World
from tests.registry_api.crowd import at_once
from tests.registry_api.files import broken, files_of, staged, upload, used

LIMIT = 1000


@pytest.fixture
def small(registry: Registry) -> World:
    """A project of a thousand bytes."""
    return World.make(registry, quota=LIMIT)


def fresh(size: int) -> bytes:
    return (uuid4().bytes * (size // 16 + 1))[:size]


def by_post(repository: Repository, content: bytes) -> httpx2.Response:
    return repository.call("POST", f"blobs/uploads/?digest={Digest.of(content)}", content=content)


def by_put(repository: Repository, content: bytes) -> httpx2.Response:
    return repository.call("PUT", f"{repository.start()}?digest={Digest.of(content)}", content=content)


def by_patch_and_put(repository: Repository, content: bytes) -> httpx2.Response:
    location = repository.start()
    repository.call("PATCH", location, content=content)
    return repository.call("PUT", f"{location}?digest={Digest.of(content)}")


def is_refused_with_numbers(answer: httpx2.Response, *, taken: int, requested: int) -> bool:
    assert refused(answer) == (403, "DENIED")
    (entry,) = answer.json()["errors"]
    assert entry["detail"] == {"used": taken, "limit": LIMIT, "requested": requested}
    return f"{taken} of {LIMIT} bytes" in entry["message"]


@pytest.mark.parametrize("push", [by_post, by_put, by_patch_and_put])
def test_a_blob_over_the_quota_is_denied_at_commit_and_nothing_of_it_stays(small: World, push) -> None:
    """Case 33."""
    repository = small.repository("developer")
    repository.push_blob(fresh(600))
    before = set(staged("x").parent.iterdir())
    content = fresh(401)
    assert is_refused_with_numbers(push(repository, content), taken=600, requested=401)
    assert repository.call("HEAD", f"blobs/{Digest.of(content)}").status_code == 404
    assert files_of(Digest.of(content)) == []
    assert set(staged("x").parent.iterdir()) <= before
    assert used(small.project.pk) == 600
    assert push(repository, fresh(400)).status_code == 201
    assert used(small.project.pk) == LIMIT
    assert broken(Digest.of(content).hex, f"project {small.project.pk} ") == []


def test_a_session_over_the_quota_is_cancelled(small: World) -> None:
    """Case 33."""
    repository, content = small.repository("developer"), fresh(LIMIT + 1)
    location = repository.start()
    put = f"{location}?digest={Digest.of(content)}"
    assert refused(repository.call("PUT", put, content=content)) == (403, "DENIED")
    assert upload(location) is None
    assert refused(repository.call("GET", location)) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert refused(repository.call("PUT", put, content=content)) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_project_that_is_full_takes_no_new_upload(small: World) -> None:
    """Case 33, at POST: before a byte is sent."""
    repository = small.repository()
    digest = repository.push_blob(fresh(LIMIT))
    before = set(staged("x").parent.iterdir())
    for query in ("", f"?digest={Digest.of(b'x')}"):
        answer = repository.call("POST", f"blobs/uploads/{query}", content=b"x")
        assert is_refused_with_numbers(answer, taken=LIMIT, requested=1)
    assert set(staged("x").parent.iterdir()) <= before
    assert repository.call("GET", f"blobs/{digest}").status_code == 200
    assert repository.call("DELETE", f"blobs/{digest}").status_code == 202
    assert used(small.project.pk) == 0
    assert repository.call("POST", "blobs/uploads/").status_code == 202


@pytest.mark.parametrize("push", [by_post, by_put, by_patch_and_put])
def test_a_blob_that_the_project_links_already_is_not_charged_again(small: World, push) -> None:
    """Case 33. Pushed again to the same repository and to another one, although there is no room for it twice."""
    first, second = small.repository(), small.repository()
    content = fresh(600)
    first.push_blob(content)
    for repository in (first, second):
        assert push(repository, content).status_code == 201
        assert used(small.project.pk) == 600
    mounted = small.repository()
    answer = mounted.call(
        "POST", f"blobs/uploads/?mount={Digest.of(content)}&from={first.name}", also=f"{first.name}:pull"
    )
    assert answer.status_code == 201
    assert used(small.project.pk) == 600
    for repository, left in ((first, 600), (mounted, 600), (second, 0)):
        assert repository.call("DELETE", f"blobs/{Digest.of(content)}").status_code == 202
        assert used(small.project.pk) == left


def test_another_project_pays_for_its_own_link(small: World) -> None:
    content = fresh(600)
    other = World.make(small.registry, quota=LIMIT)
    for world in (small, other):
        world.repository().push_blob(content)
        assert used(world.project.pk) == 600
    assert len(files_of(Digest.of(content))) == 2  # one of them in the trash: keys are never shared


def test_a_mount_over_the_quota_is_denied(small: World) -> None:
    source = World.make(small.registry, public=True)
    origin, target = source.repository(), small.repository()
    digest = origin.push_blob(fresh(LIMIT + 1))
    answer = target.call(
        "POST", f"blobs/uploads/?mount={digest}&from={origin.name}", also=f"{origin.name}:pull"
    )
    assert is_refused_with_numbers(answer, taken=0, requested=LIMIT + 1)
    assert target.call("HEAD", f"blobs/{digest}").status_code == 404


def test_many_clients_at_once_never_exceed_the_quota(small: World) -> None:
    repository = small.repository("developer")
    repository.start()
    answers = at_once(partial(by_post, repository, fresh(150)) for _ in range(16))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(201) == LIMIT // 150
    assert statuses.count(403) == 16 - LIMIT // 150
    assert used(small.project.pk) == LIMIT // 150 * 150
    assert broken(f"project {small.project.pk} ") == []


def test_a_limit_set_below_what_is_used_stops_new_content_and_a_raised_one_takes_it(small: World) -> None:
    repository = small.repository()
    repository.push_blob(fresh(900))
    for limit, status in ((500, 403), (-1, 202), (0, 403), (901, 202)):
        set_quota(people.SYSTEM, small.project, limit)
        assert repository.call("POST", "blobs/uploads/").status_code == status
