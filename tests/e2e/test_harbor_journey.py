"""harborapi, written by others for Harbor, does with a whole server all that it can do: docker pushes, it does the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.e2e import harbor_methods
from tests.e2e.clients import Docker, Login
from tests.e2e.daemon import DockerDaemon
from tests.e2e.directory import Place, place
from tests.e2e.harbor_chapters import (
    Story,
    a_project,
    groups,
    labels,
    members,
    people,
    robots,
    the_directory,
    the_system,
)
from tests.e2e.harbor_contents import a_purge, contents, copies_and_rules, jobs, quotas, the_end, the_log
from tests.e2e.harbor_methods import Operation, Recorder, operation
from tests.e2e.server import Wharf
from tests.images import image, write_docker_archive
from tests.oidc.provider import Provider, serving

# The client's own: it asks pydantic's models in an old way.
pytestmark = pytest.mark.filterwarnings("ignore:Accessing the 'model_fields':DeprecationWarning")

CHAPTERS: Final = (
    the_system, people, groups, the_directory, a_project, members, labels, robots, contents, copies_and_rules, quotas,
    the_log, a_purge, jobs, the_end,
)  # fmt: skip
# What harborapi can ask and Wharf does not serve, by how the path begins ({p} a project, {a} an artifact), and why.
ABSENT: Final = {
    "/registries": "comes with replication",
    "/replication/": "comes with replication",
    "/retentions": "comes with retention",
    "{p}/webhook/": "comes with webhooks",
    "/system/gc": "comes with garbage collection",
    "/scanners": "comes with scanning",
    "/scans/": "comes with scanning",
    "/system/scanAll/": "comes with scanning",
    "/system/CVEAllowlist": "comes with scanning",
    "/export/cve": "comes with scanning",
    "{p}/scanner": "comes with scanning",
    "{a}/scan": "comes with scanning",
    "{a}/additions/vulnerabilities": "comes with scanning",
    "{p}/robots": "Harbor keeps it for its clients before 2.2 alone: /robots is in its place",
    "/systeminfo/getcert": "Wharf hands out no certificate authority's certificate: there is none of its own",
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place("slapd", tmp_path_factory.mktemp("journey")) as found:
        yield found


@pytest.fixture(scope="module")
def provider(here: Place) -> Iterator[Provider]:
    with serving() as found:
        port = urlsplit(found.issuer).port
        here.configure(outgoing_allowed_networks="127.0.0.0/8,::1/128", outgoing_allowed_ports=f"443,{port}")
        yield found


@pytest.fixture
def live(here: Place) -> Wharf:
    """In the place of the shared one: its log is shown beside a red test."""
    return here.wharf


@pytest.fixture(scope="module")
def walked(
    here: Place, provider: Provider, dockerd: DockerDaemon, tmp_path_factory: pytest.TempPathFactory
) -> tuple[set[Operation], dict[str, BaseException]]:
    """Every chapter once, in their order: the operations that were asked for with success, and what went wrong in which."""
    folder = tmp_path_factory.mktemp("docker")
    docker = Docker(folder, here.wharf.host, dockerd.socket)
    recorder = Recorder(here.wharf.url, set())
    wrong: dict[str, BaseException] = {}

    async def walk() -> None:
        client = recorder.client(here.wharf.admin)
        story = Story(here, docker, recorder, provider.issuer, client, _pushing(docker, folder))
        for chapter in CHAPTERS:
            try:
                await chapter(story)
            except Exception as error:  # noqa: BLE001 - told by the test of that chapter
                wrong[chapter.__name__] = error
        await client.client.aclose()

    asyncio.run(walk())
    return recorder.driven, wrong


def _pushing(docker: Docker, folder: Path) -> Callable[..., str]:
    """`push(who, "project/name:tag", content)`, the digest of what was pushed."""

    def push(who: Login, name: str, content: bytes = b"journey") -> str:
        archive = write_docker_archive(
            folder / "image.tar", image({"a": content}, docker=True), docker.name(name)
        )
        docker.run("load", "--input", str(archive))
        docker.login(who)
        docker.run("push", docker.name(name))
        return docker.repo_digest(docker.name(name))

    return push


@pytest.mark.parametrize("chapter", [chapter.__name__ for chapter in CHAPTERS])
def test_harbors_client_is_told_what_it_expects(
    walked: tuple[set[Operation], dict[str, BaseException]], live: Wharf, chapter: str
) -> None:
    if chapter in walked[1]:
        raise walked[1][chapter]


def test_every_operation_that_the_client_has_a_method_for_was_driven(
    walked: tuple[set[Operation], dict[str, BaseException]], live: Wharf
) -> None:
    known = {operation(*asked) for asked in harbor_methods.requests().values()} - {None}
    assert len(known) > 80
    assert known - walked[0] == set()


def test_what_the_client_can_ask_and_is_not_served_is_named_with_its_reason() -> None:
    paths = {path for method, path in harbor_methods.requests().values() if operation(method, path) is None}
    short = {_short(path) for path in paths}
    unnamed = {path for path in short if not path.startswith(tuple(ABSENT))}
    assert unnamed == set()
    assert {noun for noun in ABSENT if not any(path.startswith(noun) for path in short)} == set()


def _short(path: str) -> str:
    whole = path.removeprefix(harbor_methods.BASE)
    for prefix, name in (("/projects/any/repositories/any/artifacts/any", "{a}"), ("/projects/any", "{p}")):
        whole = name + whole.removeprefix(prefix) if whole.startswith(prefix) else whole
    return whole
