"""/search and the stars of repositories: what each caller may see, and nothing of the rest."""

from __future__ import annotations

import pytest

from projects.models import Project
from tests import people
from tests.arch.callers import push_image, target
from tests.people import unique
from tests.registry_api.rest.api import Caller, World

PROJECT = {
    *(
        "project_id",
        "name",
        "owner_id",
        "owner_name",
        "creation_time",
        "update_time",
        "deleted",
        "repo_count",
    ),
    "metadata",
}
REPOSITORY = {
    *("project_id", "project_name", "project_public", "repository_name", "pull_count", "artifact_count"),
    "star_count",
}


@pytest.fixture
def word() -> str:
    return unique("w").replace("-", "")


@pytest.fixture
def shown(world: World, word: str) -> Project:
    """A public project of that word, and in the world's private one a repository of it."""
    public = people.make_project(name=f"{word}-public", public=True)
    for where in (target(public, "app"), target(world.project, f"deep/{word}")):
        push_image(where, "latest")
    return public


def names(caller: Caller, word: str) -> tuple[list[str], list[str]]:
    found = caller.get(f"/search?q={word}").json()
    assert all(set(each) == PROJECT for each in found["project"])
    assert all(set(each) == REPOSITORY for each in found["repository"])
    return (
        [each["name"] for each in found["project"]],
        sorted(each["repository_name"] for each in found["repository"]),
    )


def test_each_caller_finds_what_he_may_see(world: World, shown: Project, word: str) -> None:
    public, private = f"{shown.name}/app", f"{world.project.name}/deep/{word}"
    for kind in ("admin", "guest", "limited_guest", "project_robot"):
        assert names(world.caller(kind), word) == ([shown.name], sorted([public, private])), kind
    for kind in ("anonymous", "outsider", "auditor", "elsewhere_robot"):
        assert names(world.caller(kind), word) == ([shown.name], [public]), kind


def test_a_found_project_has_its_figures(world: World, shown: Project, word: str) -> None:
    (told,) = world.anonymous.get(f"/search?q={word.upper()}").json()["project"]
    assert (told["project_id"], told["repo_count"], told["metadata"]) == (shown.pk, 1, {"public": "true"})
    (told,) = world.anonymous.get(f"/search?q={word}").json()["repository"]
    assert (told["project_name"], told["project_public"]) == (shown.name, True)


@pytest.mark.parametrize("q", ["%", "_", "\\", "%00", "%25%5F", "x" * 10_000, "'", "%ED%A0%80"])
def test_signs_that_no_name_has_find_nothing(world: World, shown: Project, word: str, q: str) -> None:
    found = world.admin.get(f"/search?q={word}{q}").json()
    assert found == {"project": [], "repository": []}


def test_a_deleted_project_is_found_by_nobody(world: World, word: str) -> None:
    gone = people.make_project(name=f"{word}-gone", public=True)
    Project.objects.filter(pk=gone.pk).update(deleted_at="2020-01-01T00:00:00Z")
    assert names(world.admin, word) == ([], [])


def star(world: World, slash: str) -> str:
    return f"/projects/{world.project.name}/repositories/deep{slash}app/star"


@pytest.mark.parametrize("slash", ["/", "%2F", "%252F"])
def test_a_person_stars_a_repository(world: World, slash: str) -> None:
    push_image(target(world.project, "deep/app"), "latest")
    path = star(world, slash)
    assert world.guest.get(path).json() == {"star_count": 0, "starred": False}
    for _ in range(2):
        assert world.guest.call("PUT", path).status_code == 200
    assert world.guest.get(path).json() == {"star_count": 1, "starred": True}
    assert world.developer.get(path).json() == {"star_count": 1, "starred": False}
    for _ in range(2):
        assert world.guest.call("DELETE", path).status_code == 200
    assert world.guest.get(path).json() == {"star_count": 0, "starred": False}


def test_a_repository_that_is_not_there_or_hidden_has_no_stars(world: World) -> None:
    path = star(world, "/")
    assert world.guest.refused("GET", path)[0] == 404
    assert world.guest.refused("PUT", path)[0] == 404
    assert world.outsider.refused("GET", path) == (404, f"no project '{world.project.name}'")
    assert (
        world.guest.refused("PUT", f"/projects/{world.project.name}/repositories/BAD%25name/star")[0] == 400
    )
