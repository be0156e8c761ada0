"""What the measurements find: an image, thousands of tags, thousands of repositories."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import quote

from tests.bench import content
from tests.bench.content import PAD, Blob, sha256
from tests.bench.target import Pushed, Target, closing

Item = TypeVar("Item")
LAYERS = 8
LAYER_BYTES = 64 * 1024
CONNECTIONS = 4
# Wharf leaves out of a token what would make it longer than a header may be.
NAMES_PER_TOKEN = 20


def push_image(target: Target, run: str) -> Pushed:
    """One image of eight layers of 64 KiB as <project>/<run>:latest."""
    repository = f"{target.project}/{run}"
    config = push_blob(
        target, repository, json.dumps({"architecture": "amd64", "os": "linux", "run": run}).encode()
    )
    layers = tuple(
        push_blob(
            target, repository, PAD[: LAYER_BYTES - 32] + hashlib.sha256(f"{run} {number}".encode()).digest()
        )
        for number in range(LAYERS)
    )
    manifest = content.manifest(config, layers, run)
    put_manifest(target, repository, "latest", manifest)
    return Pushed(repository, config, layers, manifest, sha256(manifest))


def start_upload(
    target: Target, repository: str, connection: http.client.HTTPConnection | None = None
) -> str:
    """The location of a new session."""
    path = f"/v2/{repository}/blobs/uploads/"
    headers = target.push(repository)
    return target.request("POST", path, headers=headers, expect=202, connection=connection).location


def push_blob(target: Target, repository: str, data: bytes) -> Blob:
    blob = Blob(sha256(data), len(data))
    place = closing(start_upload(target, repository), blob.digest)
    headers = {"Content-Type": "application/octet-stream", **target.push(repository)}
    target.request("PUT", place, headers=headers, body=data, expect=201)
    return blob


def put_manifest(
    target: Target,
    repository: str,
    tag: str,
    manifest: bytes,
    *,
    headers: dict[str, str] | None = None,
    connection: http.client.HTTPConnection | None = None,
) -> None:
    path = f"/v2/{repository}/manifests/{tag}"
    sent = {"Content-Type": content.MANIFEST, **(headers or target.push(repository))}
    target.request("PUT", path, headers=sent, body=manifest, expect=201, connection=connection)


def mount(
    target: Target,
    repository: str,
    blob: Blob,
    *,
    headers: dict[str, str] | None = None,
    connection: http.client.HTTPConnection | None = None,
) -> None:
    """Make a blob of the image known in `repository` too."""
    source = target.pushed.repository
    scopes = f"repository:{repository}:pull,push", f"repository:{source}:pull"
    path = f"/v2/{repository}/blobs/uploads/?mount={blob.digest}&from={quote(source, safe='')}"
    sent = headers or target.authorization(*scopes)
    target.request("POST", path, headers=sent, expect=201, connection=connection)


def mount_image(target: Target, repository: str) -> None:
    """All blobs of the image, once per target and repository."""
    if repository not in target.pushed.prepared:
        for blob in (target.pushed.config, *target.pushed.layers):
            mount(target, repository, blob)
        target.pushed.prepared.add(repository)


def tags_repository(target: Target, tags: int) -> str:
    """A repository with so many tags of the one image."""
    repository = f"{target.pushed.repository}-tags-{tags}"
    if repository in target.pushed.prepared:
        return repository
    mount_image(target, repository)

    def put(connection: http.client.HTTPConnection, number: int) -> None:
        put_manifest(target, repository, f"v{number:05d}", target.pushed.manifest, connection=connection)

    target.push(repository)
    _in_parallel(target, range(tags), put)
    return repository


def catalog(target: Target, repositories: int) -> None:
    """So many repositories of one small image each."""
    name = f"catalog {repositories}"
    if name in target.pushed.prepared:
        return
    names = [f"{target.pushed.repository}-many/r{number:05d}" for number in range(repositories)]
    batches = [names[start : start + NAMES_PER_TOKEN] for start in range(0, repositories, NAMES_PER_TOKEN)]
    manifest = content.manifest(target.pushed.config, (), "one of many")

    def make(connection: http.client.HTTPConnection, batch: list[str]) -> None:
        scopes = [f"repository:{one}:pull,push" for one in (target.pushed.repository, *batch)]
        headers = target.authorization(*scopes)
        for one in batch:
            mount(target, one, target.pushed.config, headers=headers, connection=connection)
            put_manifest(target, one, "latest", manifest, headers=headers, connection=connection)

    _in_parallel(target, batches, make)
    target.pushed.prepared.add(name)


def _in_parallel(
    target: Target, items: Sequence[Item], do: Callable[[http.client.HTTPConnection, Item], None]
) -> None:
    def work(first: int) -> None:
        connection = target.connection()
        for item in items[first::CONNECTIONS]:
            do(connection, item)
        connection.close()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for _ in pool.map(work, range(CONNECTIONS)):
            pass
