"""`docker search` and `podman search`: each caller finds the repositories he may pull, by a part of their name."""

from __future__ import annotations

from typing import Any

import pytest

from artifacts import stars
from artifacts.repositories import Target
from core.oci.names import RepositoryName
from projects.queries import ref
from tests import people
from tests.people import unique
from tests.registry_api.client import Registry, World, basic


def search(registry: Registry, authorization: str | None = None, **parameters: Any) -> dict[str, Any]:
    headers = {"Authorization": authorization} if authorization else {}
    answer = registry.request("GET", "/v1/search", params=parameters, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["num_results"] >= len(found["results"])
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [result["name"] for result in found["results"]]


@pytest.fixture
def word() -> str:
    """A part of names that nothing else has."""
    return unique("w").replace("-", "")


@pytest.fixture
def worlds(registry: Registry, word: str) -> tuple[World, World]:
    """A public and a private project, each with a repository of that word."""
    public, private = World.make(registry, public=True), World.make(registry)
    for each in (public, private):
        each.repository("developer", f"team/{word}-app").push_image()
    return public, private


def test_the_ping_says_that_this_is_no_docker_hub(registry: Registry) -> None:
    answer = registry.request("GET", "/v1/_ping")
    assert answer.status_code == 200
    assert answer.headers["X-Docker-Registry-Standalone"] == "true"
    assert answer.json() == {"standalone": True}


def test_nothing_else_lies_below_v1(registry: Registry) -> None:
    for path in ("/v1", "/v1/", "/v1/repositories/x", "/v1/search/more", "/v1/users"):
        assert registry.request("GET", path).status_code == 404
    assert registry.request("POST", "/v1/search").status_code == 405


def test_case_72_numbers_are_clamped_and_private_repositories_absent_for_the_anonymous(
    registry: Registry, worlds: tuple[World, World], word: str
) -> None:
    public, _ = worlds
    for given, size in (("0", 1), ("-4", 1), ("101", 100), ("9" * 40, 100), ("x", 25), ("", 25), ("7", 7)):
        found = search(registry, q=word, n=given)
        assert found["page_size"] == size
        assert names(found) == [public.name(f"team/{word}-app")]
    assert search(registry, q=word)["page_size"] == 25
    # Docker sends empty credentials where it has none.
    assert names(search(registry, basic("", ""), q=word)) == [public.name(f"team/{word}-app")]
    assert search(registry)["page"] == 1
    assert search(registry, q=word, page="0")["page"] == 1
    for odd in ("\0", "%", "_", "\\", "'", "a" * 10_000, "\ud800".encode("utf-8", "surrogatepass"), "café"):
        assert word not in str(names(search(registry, q=odd)))


def test_everybody_finds_what_he_may_pull_and_nothing_else(
    registry: Registry, worlds: tuple[World, World], word: str
) -> None:
    _, private = worlds
    both = {each.name(f"team/{word}-app") for each in worlds}
    seen = {
        kind: set(names(search(registry, getattr(private, kind).basic, q=word)))
        for kind in (
            "admin",
            "guest",
            "limited_guest",
            "outsider",
            "auditor",
            "pull_robot",
            "elsewhere_robot",
        )
    }
    only_public = both - {private.name(f"team/{word}-app")}
    assert seen == {
        "admin": both,
        "guest": both,
        "limited_guest": both,
        "outsider": only_public,
        # He reads what was done, not what lies in private projects.
        "auditor": only_public,
        "pull_robot": both,
        "elsewhere_robot": only_public,
    }


def test_wrong_credentials_find_nothing(registry: Registry, worlds: tuple[World, World]) -> None:
    wrong = basic(worlds[0].guest.principal.name, "not his password")
    answer = registry.request("GET", "/v1/search?q=x", headers={"Authorization": wrong})
    assert answer.status_code == 401


def test_a_registry_token_searches_only_if_it_is_for_the_catalog(
    registry: Registry, worlds: tuple[World, World], word: str
) -> None:
    _, private = worlds
    narrow = private.guest.call(
        "GET", f"/v1/search?q={word}", scope=private.name(f"team/{word}-app") + ":pull"
    )
    assert narrow.status_code == 401
    assert 'scope="registry:catalog:*"' in narrow.headers["WWW-Authenticate"]
    wide = private.guest.call("GET", f"/v1/search?q={word}", scope="registry:catalog:*")
    assert len(names(wide.json())) == 2


def test_a_short_term_begins_a_component_and_a_longer_one_stands_anywhere(
    registry: Registry, world: World
) -> None:
    world.repository("developer", "zq/kernel").push_image()
    whole = world.name("zq/kernel")
    asked = world.guest.basic
    for term in ("zq", "Zq/KERN", "kernel", "nel", "q/k", whole, f" {whole} ", "k", "z"):
        assert whole in names(search(registry, asked, q=term, n=100)), term
    for term in ("ernal", "kernel/", "zq/k_rnel", "zq/%"):
        assert whole not in names(search(registry, asked, q=term, n=100)), term
    assert whole not in names(search(registry, asked, q="ne", n=100))


def test_the_best_come_first_and_pages_do_not_overlap(registry: Registry, world: World, word: str) -> None:
    for path in (f"{word}-b", f"{word}-a", f"x/{word}", f"{word}-starred"):
        world.repository("developer", path).push_image()
    starred = Target(RepositoryName.parse(world.name(f"{word}-starred")), ref(world.project))
    stars.star(world.guest.principal, starred)
    asked = world.guest.basic
    expected = [world.name(path) for path in (f"x/{word}", f"{word}-starred", f"{word}-a", f"{word}-b")]
    assert names(search(registry, asked, q=word)) == expected
    pages = [search(registry, asked, q=word, n=3, page=page) for page in (1, 2)]
    assert [*names(pages[0]), *names(pages[1])] == expected
    assert [(page["num_results"], page["num_pages"], page["page"]) for page in pages] == [
        (4, 2, 1),
        (4, 2, 2),
    ]


def test_a_result_has_what_docker_shows(registry: Registry, world: World, word: str) -> None:
    world.repository("developer", word).push_image()
    (result,) = search(registry, world.guest.basic, q=word)["results"]
    assert result == {
        "name": world.name(word),
        "description": "",
        "star_count": 0,
        "pull_count": 0,
        "is_official": False,
        "is_automated": False,
        "is_trusted": False,
    }


def test_the_public_library_is_official(registry: Registry, word: str) -> None:
    library = World(registry, _library())
    library.repository("developer", word).push_image()
    (result,) = search(registry, q=word)["results"]
    assert (result["name"], result["is_official"]) == (f"library/{word}", True)


def _library() -> Any:
    from projects.models import Project

    found = Project.objects.filter(name="library", deleted_at__isnull=True).first()
    return found or people.make_project(name="library", public=True)


def test_a_deleted_repository_and_one_without_a_manifest_are_found_by_nobody(
    registry: Registry, world: World, word: str
) -> None:
    world.repository("developer", f"{word}-empty").push_blob(b"x")
    assert names(search(registry, world.admin.basic, q=word)) == []
