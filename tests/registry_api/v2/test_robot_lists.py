"""What robots and tokens see over /v2: the catalog, tags and manifests of what they are for, and nothing beyond."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from access.table import P, Role
from accounts.services import robots
from tests import keys, people
from tests.accounts.robots import bot
from tests.keys import PULL, PUSH, everywhere, in_project
from tests.people import SYSTEM
from tests.registry_api.client import Client, Registry, World, basic

pytestmark = pytest.mark.plain


@pytest.fixture
def world(registry: Registry) -> World:
    made = World.make(registry)
    for path in ("team/web", "team/api", "other"):
        made.repository("maintainer", path).push_image("latest")
    return made


@pytest.fixture
def beyond(registry: Registry) -> World:
    """Another project, private too."""
    made = World.make(registry)
    made.repository("maintainer", "team/web").push_image("latest")
    return made


def client(world: World, key: keys.Key) -> Client:
    return Client(world.registry, basic(key.username, key.secret), key.principal)


def catalog(of: Client) -> set[str]:
    token = of.registry.token("registry:catalog:*", basic=of.basic)
    found: set[str] = set()
    last = ""
    while True:
        headers = {"Authorization": f"Bearer {token}"}
        page = of.registry.request("GET", f"/v2/_catalog?n=2&last={quote(last)}", headers=headers)
        names = page.json()["repositories"]
        found.update(names)
        if "Link" not in page.headers:
            return found
        assert names, "a page that is not the last one is never empty"
        last = names[-1]


def status(of: Client, method: str, path: str) -> int:
    assert of.basic is not None
    return of.registry.request(method, f"/v2/{path}", headers={"Authorization": of.basic}).status_code


def test_the_catalog_of_a_key_holds_what_it_may_pull(world: World, beyond: World) -> None:
    project, name = world.project, world.project.name
    member = people.make_member(project, Role.GUEST)
    admin = people.make_user(is_admin=True)
    of_project = {f"{name}/{path}" for path in ("team/web", "team/api", "other")}
    for key, expected in (
        (keys.robot(in_project(project, PULL)), of_project),
        (keys.robot(in_project(project, PULL, "team/*")), of_project - {f"{name}/other"}),
        (keys.robot(in_project(project, PULL, "**/web"), in_project(project, PULL, "o*")), of_project - {f"{name}/team/api"}),
        (keys.robot(in_project(project, frozenset({P.REPOSITORY_LIST}))), set()),
        (keys.personal(member, in_project(project, PUSH, "other")), {f"{name}/other"}),
        (keys.personal(member, in_project(beyond.project, PULL)), set()),
        (keys.personal(admin, in_project(project, PULL, "team/api")), {f"{name}/team/api"}),
        (keys.personal(people.make_user(), everywhere(PULL)), set()),
    ):  # fmt: skip
        seen = catalog(client(world, key))
        ours = {each for each in seen if each.partition("/")[0] in (name, beyond.project.name)}
        assert ours == expected


def test_nothing_else_is_pulled_pushed_or_told_of(world: World, beyond: World) -> None:
    project, name = world.project, world.project.name
    robot = client(world, keys.robot(in_project(project, PULL, "team/web"), project=project))
    assert status(robot, "GET", f"{name}/team/web/manifests/latest") == 200
    assert status(robot, "GET", f"{name}/team/web/tags/list") == 200
    nowhere = f"{people.unique('nowhere')}/team/web"
    for path in (f"{name}/team/api", f"{name}/other", f"{beyond.project.name}/team/web", nowhere):
        for what in (
            "manifests/latest",
            "tags/list",
            f"blobs/sha256:{'0' * 64}",
            f"referrers/sha256:{'0' * 64}",
        ):
            assert status(robot, "GET", f"{path}/{what}") in (401, 403, 404)
        assert status(robot, "POST", f"{path}/blobs/uploads/") in (401, 403, 404)
    assert status(robot, "POST", f"{name}/team/web/blobs/uploads/") in (401, 403)
    hidden, missing = (
        status(robot, "GET", f"{path}/tags/list") for path in (f"{beyond.project.name}/team/web", nowhere)
    )
    assert hidden == missing


def test_a_token_ends_when_its_robot_loses_something(world: World) -> None:
    project = world.project
    elder = bot(SYSTEM, project, in_project(project, PUSH))
    _, secret = robots.rotate_secret(SYSTEM, elder)
    of = Client(world.registry, basic(f"robot${project.name}+{elder.name}", secret), SYSTEM)
    path = f"{project.name}/team/web"
    from projects import registry_access

    for act in (
        lambda: robots.change_robot(
            SYSTEM, elder, robots.RobotChanges(allowances=(in_project(project, PULL),))
        ),
        lambda: robots.disable_robot(SYSTEM, elder),
        lambda: robots.rotate_secret(SYSTEM, elder),
    ):
        robots.enable_robot(SYSTEM, elder)
        of = Client(world.registry, basic(f"robot${project.name}+{elder.name}", secret), SYSTEM)
        headers = {"Authorization": f"Bearer {of.registry.token(f'repository:{path}:pull', basic=of.basic)}"}
        assert of.registry.request("GET", f"/v2/{path}/tags/list", headers=headers).status_code == 200
        act()
        registry_access.forget()
        assert of.registry.request("GET", f"/v2/{path}/tags/list", headers=headers).status_code == 401
