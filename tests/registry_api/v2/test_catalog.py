"""The catalog shows each caller the repositories it may pull at this moment, and nothing of the others."""

from __future__ import annotations

import httpx2
import pytest

from access.models import Member
from artifacts.queries import catalog_page
from tests import people
from tests.registry_api.answers import link, refused
from tests.registry_api.client import Client, Registry, World

SCOPE = "registry:catalog:*"


def catalog(client: Client, **parameters: str) -> httpx2.Response:
    return client.call("GET", "/v2/_catalog", scope=SCOPE, params=parameters)


def whole(client: Client, *, size: int, last: str = "") -> list[str]:
    """All pages from `last` on; no page is empty and has a link."""
    seen: list[str] = []
    answer = catalog(client, n=str(size), last=last)
    while True:
        assert answer.status_code == 200, answer.text
        names = answer.json()["repositories"]
        assert len(names) <= size
        seen += names
        following = link(answer)
        if following is None:
            return seen
        assert names
        answer = client.call("GET", following, scope=SCOPE)


@pytest.fixture
def hidden(registry: Registry) -> World:
    """Somebody else's private project with two repositories."""
    other = World.make(registry)
    for path in ("a", "b"):
        other.repository("developer", path).push_image()
    return other


@pytest.fixture
def mine(world: World) -> list[str]:
    for path in ("a", "b", "c"):
        world.repository("developer", path).push_image()
    return [world.name(path) for path in ("a", "b", "c")]


def in_project(names: list[str], world: World) -> list[str]:
    return [name for name in names if name.startswith(f"{world.project.name}/")]


def test_a_member_sees_the_repositories_of_the_project(world: World, mine: list[str], hidden: World) -> None:
    """Case 64."""
    for kind in ("limited_guest", "guest", "developer", "maintainer", "project_admin"):
        names = whole(getattr(world, kind), size=1000)
        assert in_project(names, world) == mine
        assert in_project(names, hidden) == []
        assert names == sorted(names)


def test_an_outsider_sees_what_is_public(world: World, mine: list[str], registry: Registry) -> None:
    """Case 64."""
    public = World.make(registry, public=True)
    public.repository("developer", "open").push_image()
    names = whole(world.outsider, size=1000)
    assert in_project(names, world) == []
    assert in_project(names, public) == [public.name("open")]


def test_an_administrator_sees_all_and_an_auditor_pulls_nothing(
    world: World, mine: list[str], hidden: World
) -> None:
    """Case 64."""
    names = whole(world.admin, size=1000)
    assert in_project(names, world) == mine
    assert in_project(names, hidden) == [hidden.name("a"), hidden.name("b")]
    assert in_project(whole(world.auditor, size=1000), world) == []


def test_the_anonymous_is_asked_who_he_is(world: World) -> None:
    """Case 64."""
    bare = world.registry.request("GET", "/v2/_catalog")
    token = world.anonymous.call("GET", "/v2/_catalog", scope=SCOPE)
    basic = world.registry.request("GET", "/v2/_catalog", headers={"Authorization": "Basic Og=="})
    for answer in (bare, token, basic):
        assert refused(answer) == (401, "UNAUTHORIZED")
        assert f'scope="{SCOPE}"' in answer.headers["WWW-Authenticate"]


def test_a_token_for_something_else_does_not_list(world: World, mine: list[str]) -> None:
    """Case 64."""
    answer = world.developer.call("GET", "/v2/_catalog", scope=f"{mine[0]}:pull")
    assert refused(answer) == (401, "UNAUTHORIZED")
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_small_pages_never_show_or_count_what_is_hidden(world: World, mine: list[str], hidden: World) -> None:
    """Case 64."""
    # Names of both projects mixed, so that every page boundary lies beside a hidden one.
    everything = whole(world.admin, size=1000)
    visible = whole(world.developer, size=1000)
    assert set(visible) < set(everything)
    for size in (1, 2):
        start = f"{world.project.name}/"
        assert in_project(whole(world.developer, size=size, last=start[:-1]), world) == mine
    for name in in_project(everything, hidden):
        answer = catalog(world.developer, n="1", last=name)
        assert name not in answer.text
        assert not in_project(answer.json()["repositories"], hidden)


def test_a_lost_membership_shows_at_the_next_request(world: World, mine: list[str]) -> None:
    """Case 64."""
    guest = world.guest
    token = world.registry.token(SCOPE, basic=guest.basic)
    headers = {"Authorization": f"Bearer {token}"}
    parameters = {"n": "1000"}
    answer = world.registry.request("GET", "/v2/_catalog", headers=headers, params=parameters)
    assert in_project(answer.json()["repositories"], world) == mine
    Member.objects.filter(project=world.project, user_id=guest.principal.id).delete()
    answer = world.registry.request("GET", "/v2/_catalog", headers=headers, params=parameters)
    assert in_project(answer.json()["repositories"], world) == []


def test_a_password_lists_as_a_token_does(world: World, mine: list[str]) -> None:
    """Case 64."""
    headers = {"Authorization": world.guest.basic or ""}
    answer = world.registry.request("GET", "/v2/_catalog", headers=headers, params={"n": "1000"})
    assert in_project(answer.json()["repositories"], world) == mine


def test_repositories_that_never_had_a_manifest_are_absent(world: World) -> None:
    repository = world.repository("developer")
    repository.push_blob(b"only a blob")
    assert in_project(whole(world.developer, size=1000), world) == []


def test_page_sizes_follow_the_rules_of_tags(world: World, mine: list[str]) -> None:
    for size in ("-1", "abc", "1.5", "1" * 30):
        assert refused(catalog(world.developer, n=size)) == (400, "UNSUPPORTED")
    answer = catalog(world.developer, n="0")
    assert (answer.json(), link(answer)) == ({"repositories": []}, None)


def test_a_disabled_member_sees_nothing(world: World, mine: list[str]) -> None:
    """Case 64."""
    user = people.make_user("disabled", is_active=False)
    Member.objects.create(project=world.project, user=user, role_id=1)
    assert in_project(catalog_page(people.principal(user), last="", limit=10_000), world) == []
