"""Repositories over the wire: lists of all projects and of one, one by name however it is written, its description, its end."""

from __future__ import annotations

import pytest
from harborapi.models import Repository

from access.table import P
from artifacts import statistics
from audit.models import AuditEvent
from projects.models import ProjectContents
from tests import images, keys, people
from tests.registry_api.client import basic
from tests.registry_api.rest.api import Caller, World
from tests.registry_api.rest.shelf import at, push, shelf, target


def names(caller: Caller, path: str) -> list[str]:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.text
    return [entry["name"] for entry in answer.json()]


def in_project(world: World, query: str = "") -> str:
    return f"/projects/{world.project.name}/repositories{query}"


def full(world: World, *paths: str) -> list[str]:
    return [f"{world.project.name}/{path}" for path in paths]


def test_a_project_shows_its_repositories_newest_first_and_counts_them(world: World) -> None:
    for path in ("app", "team/deep/app", "web"):
        shelf(world.project, path, images.image(), "1")
    answer = world.guest.get(in_project(world))
    assert [entry["name"] for entry in answer.json()] == full(world, "web", "team/deep/app", "app")
    assert answer.headers["X-Total-Count"] == "3"
    assert names(world.guest, in_project(world, "?sort=name&page_size=1&page=2")) == full(
        world, "team/deep/app"
    )


def test_an_entry_is_what_harbors_clients_read(world: World) -> None:
    where = shelf(world.project, "app", images.two_platforms(), "1", "2")
    answer = world.developer.get(at(where))
    assert answer.status_code == 200, answer.text
    shown = Repository.model_validate(answer.json())
    assert (shown.name, shown.project_id) == (str(where.name), world.project.pk)
    assert (shown.artifact_count, shown.pull_count, shown.description) == (1, 0, "")
    assert shown.creation_time is not None
    assert shown.update_time is not None
    assert answer.json() in world.developer.get(in_project(world)).json()


def test_the_number_of_artifacts_is_right_before_and_after_the_fold(world: World) -> None:
    where = shelf(world.project, "app", images.two_platforms(), "1")
    signature = images.artifact(b"sbom", subject=images.two_platforms().manifest)
    push(where, signature)
    push(where, images.image({"a": b"a"}))

    def count() -> int:
        return int(world.guest.get(at(where)).json()["artifact_count"])

    before = count()
    statistics.fold()
    assert before == count() == 2
    push(where, images.image({"b": b"b"}))
    assert count() == 3


@pytest.mark.parametrize("written", ["team/deep/app", "team%2Fdeep%2Fapp", "team%252Fdeep%252Fapp"])
def test_a_name_with_slashes_is_found_however_they_are_written(world: World, written: str) -> None:
    shelf(world.project, "team/deep/app", images.image(), "1")
    answer = world.guest.get(in_project(world, f"/{written}"))
    assert (answer.status_code, answer.json()["name"]) == (200, *full(world, "team/deep/app"))
    listed = world.guest.get(in_project(world, f"/{written}/artifacts"))
    assert [len(entry["tags"]) for entry in listed.json()] == [1]


def test_even_a_repository_called_as_a_path_of_the_api_can_be_named(world: World) -> None:
    shelf(world.project, "app", images.image(), "1")
    shelf(world.project, "app/artifacts", images.image({"x": b"x"}), "1")
    answer = world.guest.get(in_project(world, "/app%252Fartifacts"))
    assert answer.json()["name"] == f"{world.project.name}/app/artifacts"
    assert isinstance(world.guest.get(in_project(world, "/app/artifacts")).json(), list)


def test_everybody_sees_the_repositories_he_may_and_they_are_counted_so(world: World) -> None:
    mine = shelf(world.project, "app", images.image(), "1")
    public = shelf(people.make_project(public=True), "app", images.image(), "1")
    other = shelf(people.make_project(), "app", images.image(), "1")
    for kind, seen in {
        "guest": {mine, public},
        "outsider": {public},
        "anonymous": {public},
        "admin": {mine, public, other},
    }.items():
        for where in (mine, public, other):
            found = names(world.caller(kind), f"/repositories?q=name={where.name}")
            assert found == ([str(where.name)] if where in seen else []), kind


def test_the_count_of_all_repositories_is_that_of_the_list(world: World) -> None:
    shelf(world.project, "app", images.image(), "1")
    shelf(people.make_project(public=True), "app", images.image(), "1")
    for kind in ("guest", "outsider", "anonymous", "admin", "project_robot"):
        counted = world.caller(kind).get("/repositories?page_size=1").headers["X-Total-Count"]
        listed = world.caller(kind).get("/repositories?page_size=1&q=id=[1~]").headers["X-Total-Count"]
        assert counted == listed, kind


def test_a_key_for_some_repositories_sees_those_alone_and_counts_them_so(world: World) -> None:
    for path in ("app", "team/app", "team/web"):
        shelf(world.project, path, images.image(), "1")
    rights = frozenset({P.REPOSITORY_LIST, P.REPOSITORY_READ, P.ARTIFACT_LIST, P.ARTIFACT_READ})
    key = keys.robot(keys.in_project(world.project, rights, "team/**"), project=world.project)
    robot = Caller(world.http, basic(key.username, key.secret), key.principal)
    mine = full(world, "team/web", "team/app")
    # Everywhere there are the public ones of others, too.
    for path in (f"/repositories?q=name=~{world.project.name}", in_project(world)):
        assert names(robot, path) == mine
        assert robot.get(path).headers["X-Total-Count"] == "2"
    counted = robot.get("/repositories?page_size=1").headers["X-Total-Count"]
    assert counted == robot.get("/repositories?page_size=1&q=id=[1~]").headers["X-Total-Count"]
    listed = robot.get(f"/projects/{world.project.name}/artifacts")
    assert [entry["repository_name"] for entry in listed.json()] == mine
    assert listed.headers["X-Total-Count"] == "2"
    assert robot.get(at(target(world.project, "team/app"), "artifacts/1")).status_code == 200
    assert robot.get(at(target(world.project, "app"), "artifacts")).status_code in (403, 404)


def test_a_hidden_project_and_none_at_all_are_told_apart_by_nobody(world: World) -> None:
    shelf(world.project, "app", images.image(), "1")
    for path in ("", "/app", "/app/artifacts"):
        hidden = world.outsider.refused("GET", in_project(world, path))
        none = world.outsider.refused("GET", f"/projects/nowhere-{world.project.name}/repositories{path}")
        assert hidden[0] == none[0] == 404
        assert hidden[1] == none[1].replace("nowhere-", "")


def test_the_description_is_changed_and_recorded(world: World) -> None:
    where = shelf(world.project, "app", images.image(), "1")
    whole = world.developer.get(at(where)).json() | {"description": "# What it is", "name": "x/y", "id": 7}
    assert world.developer.call("PUT", at(where), json=whole).status_code == 200
    shown = world.developer.get(at(where)).json()
    assert (shown["description"], shown["name"]) == ("# What it is", str(where.name))
    event = AuditEvent.objects.filter(operation="repository.update").latest("id")
    assert event.detail["after"] == {"description": "# What it is"}
    assert world.developer.call("PUT", at(where), json={}).status_code == 200
    assert world.developer.get(at(where)).json()["description"] == "# What it is"


def test_a_description_may_be_a_page_and_no_book(world: World) -> None:
    where = shelf(world.project, "app", images.image(), "1")
    page = "# Wörter 😀\n" * 5_000
    for text in (page, ""):
        assert world.developer.call("PUT", at(where), json={"description": text}).status_code == 200
        assert world.guest.get(at(where)).json()["description"] == text
    for wrong in ("x" * 70_000, "a\0b", None, 7, ["x"]):
        sent = {"description": {"x": 1} if wrong == 7 else wrong}
        assert world.developer.refused("PUT", at(where), json=sent)[0] == 400
    assert world.guest.get(at(where)).json()["description"] == ""


def test_a_deleted_repository_is_gone_from_every_list_and_count(world: World) -> None:
    where = shelf(world.project, "app", images.image(), "1")
    shelf(world.project, "web", images.image(), "1")
    assert world.developer.call("DELETE", at(where)).status_code == 403
    assert world.maintainer.call("DELETE", at(where)).status_code == 200
    assert world.guest.get(in_project(world)).headers["X-Total-Count"] == "1"
    assert ProjectContents.objects.get(project=world.project).repository_count == 1
    assert world.maintainer.refused("DELETE", at(where))[0] == 404


@pytest.mark.parametrize(
    "path",
    ["APP", "a%25b", "app%00x", "app%2500x", "x" * 10_000, "app/../web", "%252e%252e", "_app", "a b"],
)
def test_names_that_are_none_are_refused_and_change_nothing(world: World, path: str) -> None:
    shelf(world.project, "app", images.image(), "1")
    for method, body in (("GET", None), ("PUT", {"description": "x"}), ("DELETE", None)):
        answer = world.project_admin.call(method, in_project(world, f"/{path}"), json=body)
        assert 400 <= answer.status_code < 500, (method, path)
    assert names(world.guest, in_project(world)) == full(world, "app")


def test_filters_and_sorts_are_those_that_are_named(world: World) -> None:
    for path in ("app", "web"):
        shelf(world.project, path, images.image(), "1")
    assert names(world.guest, in_project(world, "?q=name=~WEB")) == full(world, "web")
    assert names(world.guest, in_project(world, "?sort=-pull_count,name")) == full(world, "app", "web")
    assert names(world.guest, in_project(world, "?sort=-update_time")) == full(world, "web", "app")
    assert world.guest.refused("GET", in_project(world, "?q=deleted_at=~a"))[0] == 400
    assert world.guest.refused("GET", in_project(world, "?sort=payload"))[0] == 400
    assert target(world.project, "app").name.path == "app"
