"""harborapi, written by others for Harbor, browses, tags, labels, copies and deletes what was pushed to a whole server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from harborapi import HarborAsyncClient, models
from harborapi.exceptions import Conflict, NotFound

from tests.e2e.clients import Login
from tests.instances import Instance
from tests.people import ANONYMOUS
from tests.registry_api.client import Client, Registry, basic
from tests.wharf.running import admin, running

pytestmark = [
    pytest.mark.services,
    # The client's own: it asks pydantic's models in an old way.
    pytest.mark.filterwarnings("ignore:Accessing the 'model_fields':DeprecationWarning"),
]
PLACE = ("library", "team/app")


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def login(instance: Instance) -> Login:
    return admin(instance)


@pytest.fixture(scope="module")
def digest(instance: Instance, login: Login) -> str:
    """Of an image in `PLACE`, tagged 1.0."""
    registry = Registry(url=f"http://127.0.0.1:{instance.port}")
    client = Client(registry, basic(login.username, login.password), ANONYMOUS)
    config = b'{"os":"linux","architecture":"amd64","history":[{"created_by":"COPY . /","created":"2024-01-02T03:04:05Z"}]}'
    with registry.http:
        return client.repository("/".join(PLACE)).push_image("1.0", config=config)


@asynccontextmanager
async def connected(instance: Instance, login: Login) -> AsyncIterator[HarborAsyncClient]:
    url = f"http://127.0.0.1:{instance.port}/api/v2.0"
    client = HarborAsyncClient(url=url, username=login.username, secret=login.password)
    try:
        yield client
    finally:
        await client.client.aclose()


async def _browses(client: HarborAsyncClient, digest: str) -> None:
    (repository,) = await client.get_repositories("library")
    assert (repository.name, repository.artifact_count) == ("library/team/app", 1)
    assert [each.id for each in await client.get_repositories(query="name=~team")] == [repository.id]
    await client.update_repository(*PLACE, repository=models.Repository(description="What it is"))
    assert (await client.get_repository(*PLACE)).description == "What it is"
    (artifact,) = await client.get_artifacts(*PLACE, with_tag=True, with_label=True, with_accessory=True)
    assert (artifact.digest, artifact.type, artifact.project_id) == (digest, "IMAGE", repository.project_id)
    assert (await client.get_artifact(*PLACE, reference="1.0")).id == artifact.id
    (step,) = await client.get_artifact_build_history(*PLACE, reference=digest)
    assert step.created_by == "COPY . /"
    assert await client.get_artifact_accessories(*PLACE, reference="1.0") == []


async def _tags(client: HarborAsyncClient, digest: str) -> None:
    location = await client.create_artifact_tag(*PLACE, reference=digest, tag=models.Tag(name="2.0"))
    assert location == "/api/v2.0/projects/library/repositories/team%2Fapp/artifacts/2.0"
    with pytest.raises(Conflict):
        await client.create_artifact_tag(*PLACE, reference="1.0", tag=models.Tag(name="2.0"))
    found = await client.get_artifact_tags(*PLACE, reference=digest, sort="name", page_size=1)
    assert [tag.name for tag in found] == ["1.0", "2.0"]
    await client.delete_artifact_tag(*PLACE, reference="1.0", tag_name="2.0")
    assert len(await client.get_artifact_tags(*PLACE, reference=digest)) == 1


async def _labels(client: HarborAsyncClient) -> None:
    await client.create_label(models.Label(name="stable", scope="g", color="#112233"))
    (label,) = await client.get_labels(scope="g")
    await client.add_artifact_label(*PLACE, reference="1.0", label=label)
    (artifact,) = await client.get_artifacts(*PLACE, query=f"labels=({label.id})", with_label=True)
    assert [each.name for each in artifact.labels or []] == ["stable"]
    assert label.id is not None
    await client.delete_artifact_label(*PLACE, reference="1.0", label_id=label.id)
    assert (await client.get_artifact(*PLACE, reference="1.0", with_label=True)).labels is None


async def _copies_and_deletes(client: HarborAsyncClient, digest: str) -> None:
    location = await client.copy_artifact("library", "promoted", "library/team/app:1.0")
    assert location.endswith(f"/repositories/promoted/artifacts/{digest}")
    assert (await client.get_artifact("library", "promoted", "1.0")).digest == digest
    await client.delete_artifact("library", "promoted", "1.0")
    with pytest.raises(NotFound):
        await client.get_artifact("library", "promoted", digest)
    await client.delete_repository("library", "promoted")
    assert [each.name for each in await client.get_repositories()] == ["library/team/app"]


def test_the_client_does_all_that_harbor_offers_for_artifacts(
    instance: Instance, login: Login, digest: str
) -> None:
    async def journey() -> None:
        async with connected(instance, login) as client:
            await _browses(client, digest)
            await _tags(client, digest)
            await _labels(client)
            await _copies_and_deletes(client, digest)

    asyncio.run(journey())
