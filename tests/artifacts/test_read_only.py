"""The read-only switch: nothing that is stored changes, pulls and the switch itself go on."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from artifacts import blobs, copying, labels, manifests, new_tags, repositories, tags, uploads
from artifacts.manifests import Push
from config import current, services
from core.errors import ReadOnly
from core.oci.digest import Digest
from core.oci.manifest import parse_manifest
from core.oci.reference import Tag
from projects.models import Label
from tests.arch.sources import CHECKOUT
from tests.artifacts.actors import target
from tests.people import SYSTEM
from tests.registry_api import documents
from tests.registry_api.answers import refused
from tests.registry_api.client import Repository, World

UNSUPPORTED = (405, "UNSUPPORTED")
LATEST, CONFIG = Tag.parse("latest"), b"{}"
# Nothing of it is seen by anybody: a session that ends, a mark on a list, a note of what was done long ago.
GO_ON = {"uploads.py:cancel", "stars.py:star", "stars.py:unstar"}


@pytest.fixture
def repository(world: World) -> Repository:
    made = world.repository("maintainer")
    made.push_image()
    return made


@pytest.fixture
def switched(repository: Repository) -> Iterator[None]:
    """After the image is there."""
    services.change(SYSTEM, {"read_only": True})
    current.forget()
    yield
    services.change(SYSTEM, {"read_only": False})
    current.forget()


def test_a_push_is_refused_at_its_first_step_and_says_why(repository: Repository, switched: None) -> None:
    answer = repository.call("POST", "blobs/uploads/")
    assert refused(answer) == UNSUPPORTED
    assert "read-only mode" in answer.json()["errors"][0]["message"]
    assert refused(repository.put_manifest("new", documents.manifest(CONFIG))) == UNSUPPORTED
    assert refused(repository.call("DELETE", "manifests/latest")) == UNSUPPORTED


def test_pulls_go_on(repository: Repository, switched: None) -> None:
    manifest = repository.call("GET", "manifests/latest")
    assert manifest.status_code == 200
    digest = manifest.json()["config"]["digest"]
    assert repository.call("GET", f"blobs/{digest}").content == CONFIG
    assert repository.call("GET", "tags/list").json()["tags"] == ["latest"]


def test_no_act_on_contents_is_done(world: World, repository: Repository, switched: None) -> None:
    actor, where = world.maintainer.principal, target(world, repository)
    digest = Digest.parse(repository.call("GET", "manifests/latest").headers["Docker-Content-Digest"])
    label = Label.objects.create(project=world.project, name="x")
    push = Push.of(parse_manifest(documents.manifest(CONFIG), None), LATEST, (), tags.NO_CONDITIONS)
    acts: tuple[Callable[[], Any], ...] = (
        lambda: uploads.start(actor, where),
        lambda: uploads.push(actor, where, Digest.of(b"y"), uploads.Chunk([memoryview(b"y")])),
        lambda: manifests.put(actor, where, push),
        lambda: manifests.delete(actor, where, digest),
        lambda: tags.add(actor, where, Tag.parse("more"), reference=LATEST),
        lambda: new_tags.create(actor, where, Tag.parse("more"), reference=LATEST),
        lambda: copying.copy(actor, where, source=str(where.name), reference=LATEST),
        lambda: tags.delete(actor, where, LATEST),
        lambda: tags.set_immutable(actor, where, LATEST, immutable=True),
        lambda: blobs.mount(actor, where, Digest.of(CONFIG), source=where),
        lambda: blobs.delete(actor, where, Digest.of(CONFIG)),
        lambda: repositories.describe(actor, where, "new"),
        lambda: repositories.delete(actor, where),
        lambda: labels.add(actor, where, LATEST, label.pk),
        lambda: labels.remove(actor, where, LATEST, label.pk),
    )
    for act in acts:
        with pytest.raises(ReadOnly):
            act()


def test_an_upload_under_way_is_kept_until_the_switch_is_off_again(
    world: World, repository: Repository
) -> None:
    location = repository.start()
    services.change(SYSTEM, {"read_only": True})
    current.forget()
    try:
        assert refused(repository.call("PATCH", location, content=b"abc")) == UNSUPPORTED
    finally:
        services.change(SYSTEM, {"read_only": False})
        current.forget()
    digest = Digest.of(b"abc")
    answer = repository.call("PUT", location, params={"digest": str(digest)}, content=b"abc")
    assert answer.status_code == 201


def test_whoever_may_not_push_is_told_that_first(
    world: World, repository: Repository, switched: None
) -> None:
    read = world.guest.repository(repository.name)
    assert read.call("POST", "blobs/uploads/").status_code == 401


def test_every_act_on_contents_asks_the_switch() -> None:
    """By the source: what `require`s a right to write, or acts, and never asks, is not known here."""
    silent: set[str] = set()
    for path in sorted((CHECKOUT / "artifacts").glob("*.py")):
        module = ast.parse(path.read_text())
        calls = {node.name: _called(node) for node in module.body if isinstance(node, ast.FunctionDef)}
        for name in calls:
            reached = _reached(name, calls)
            if not name.startswith("_") and "action" in reached and "read_only.refuse" not in reached:
                silent.add(f"{path.name}:{name}")
    assert silent <= GO_ON


def _called(node: ast.FunctionDef) -> set[str]:
    called = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    return {ast.unparse(each) for each in called}


def _reached(name: str, calls: dict[str, set[str]]) -> set[str]:
    found, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += calls.get(each, ())
    return found
