"""What one worker changes, no worker answers as it was: reads over many connections, so over all workers, after each change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import httpx2
import pytest

from core.oci.digest import Digest
from tests.e2e.conftest import Project
from tests.e2e.server import Wharf
from tests.registry_api import documents
from tests.registry_api.client import basic

READERS = 8
# An epoch is looked up at most every four seconds.
RIGHTS_SECONDS = 5.0


class Side:
    """One person over many kept-alive connections: the kernel spreads them over the workers."""

    def __init__(self, live: Wharf, login: object, stack: ExitStack) -> None:
        self.authorization = basic(login.username, login.password)  # type: ignore[attr-defined]
        self.clients = [
            stack.enter_context(httpx2.Client(base_url=live.url, timeout=30)) for _ in range(READERS)
        ]
        self.pool = stack.enter_context(ThreadPoolExecutor(READERS))
        self.reads = 0

    def token(self, name: str) -> dict[str, str]:
        scope = {"scope": f"repository:{name}:pull,push,delete"}
        answer = self.clients[0].get(
            "/service/token", params=scope, headers={"Authorization": self.authorization}
        )
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    def read(self, path: str, headers: dict[str, str], *, times: int = 4) -> list[httpx2.Response]:
        """`times` GETs on each connection, all connections at once."""

        def one(client: httpx2.Client) -> list[httpx2.Response]:
            return [client.get(path, headers=headers) for _ in range(times)]

        found = [answer for answers in self.pool.map(one, self.clients) for answer in answers]
        self.reads += len(found)
        return found

    def send(self, method: str, path: str, headers: dict[str, str], **options: object) -> httpx2.Response:
        answer = self.clients[uuid4().int % READERS].request(method, path, headers=headers, **options)  # type: ignore[arg-type]
        assert answer.status_code < 300, answer.text
        return answer


@contextmanager
def side(live: Wharf, login: object) -> Iterator[Side]:
    with ExitStack() as stack:
        yield Side(live, login, stack)


def _push(writer: Side, name: str, tag: str, headers: dict[str, str]) -> str:
    """A new small manifest under the tag; its digest."""
    config = uuid4().bytes
    digest = Digest.of(config)
    writer.send("POST", f"/v2/{name}/blobs/uploads/?digest={digest}", headers, content=config)
    typed = headers | {"Content-Type": documents.MANIFEST}
    answer = writer.send("PUT", f"/v2/{name}/manifests/{tag}", typed, content=documents.manifest(config))
    return str(answer.headers["Docker-Content-Digest"])


def test_ten_thousand_reads_after_pushes_and_deletions_are_never_stale(live: Wharf, project: Project) -> None:
    name = f"{project.name}/lane"
    with side(live, project.maintainer) as person:
        headers = person.token(name)
        renew = time.monotonic() + 200
        round_ = 0
        while person.reads < 10_000:
            if time.monotonic() > renew:
                headers, renew = person.token(name), time.monotonic() + 200
            digest = _push(person, name, "moving", headers)
            answers = person.read(f"/v2/{name}/manifests/moving", headers, times=12)
            assert {answer.headers["Docker-Content-Digest"] for answer in answers} == {digest}
            tags = person.read(f"/v2/{name}/tags/list", headers, times=2)
            assert all("moving" in answer.json()["tags"] for answer in tags)
            if round_ % 4 == 0:
                person.send("DELETE", f"/v2/{name}/manifests/moving", headers)
                gone = person.read(f"/v2/{name}/manifests/moving", headers, times=4)
                assert {answer.status_code for answer in gone} == {404}
                listed = person.read(f"/v2/{name}/tags/list", headers, times=2)
                assert not any("moving" in answer.json()["tags"] for answer in listed)
            round_ += 1


def test_a_lost_right_ends_every_answer_within_five_seconds(live: Wharf, project: Project) -> None:
    name = f"{project.name}/rights"
    with side(live, project.maintainer) as owner, side(live, project.guest) as guest:
        _push(owner, name, "1", owner.token(name))
        headers = guest.token(name)
        assert {answer.status_code for answer in guest.read(f"/v2/{name}/manifests/1", headers)} == {200}
        live.run("member", "remove", project.name, project.guest.username)
        time.sleep(RIGHTS_SECONDS)
        assert {answer.status_code for answer in guest.read(f"/v2/{name}/manifests/1", headers)} == {401}
        assert {
            answer.status_code for answer in owner.read(f"/v2/{name}/manifests/1", owner.token(name))
        } == {200}


@pytest.mark.parametrize("act", ["private", "deleted"])
def test_a_project_taken_away_ends_every_answer(live: Wharf, project: Project, act: str) -> None:
    name = f"{project.name}/taken"
    with side(live, project.maintainer) as owner, side(live, project.outsider) as outsider:
        _push(owner, name, "1", owner.token(name))
        live.run("project", "change", project.name, "--public")
        headers = outsider.token(name)
        assert {answer.status_code for answer in outsider.read(f"/v2/{name}/manifests/1", headers)} == {200}
        if act == "private":
            live.run("project", "change", project.name, "--private")
        else:
            live.run("repository", "remove", name)
            assert {answer.status_code for answer in outsider.read(f"/v2/{name}/manifests/1", headers)} == {
                404
            }
            live.run("project", "remove", project.name)
        time.sleep(RIGHTS_SECONDS)
        assert {answer.status_code for answer in outsider.read(f"/v2/{name}/manifests/1", headers)} == {401}
