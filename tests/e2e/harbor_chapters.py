"""A life with the registry, told by harborapi as the administrator: chapters that follow each other on one server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from harborapi import models
from harborapi.exceptions import HarborAPIException, NotFound

from tests.e2e.clients import Docker, Login
from tests.e2e.directory import PASSWORD, Place
from tests.e2e.harbor_methods import Recorder

PROJECT: Final = "journey"
APP: Final = (PROJECT, "team/app")
BACK: Final = 120.0


@dataclass
class Story:
    """`kept` is what one chapter leaves for the next."""

    place: Place
    docker: Docker
    recorder: Recorder
    issuer: str
    client: Any  # a HarborAsyncClient, whose models all say that everything may be missing
    push: Callable[..., str]
    kept: dict[str, Any] = field(default_factory=dict)


async def until(ask: Callable[[], Awaitable[Any]], holds: Callable[[Any], object]) -> Any:
    deadline = time.monotonic() + BACK
    while not holds(found := await ask()):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.5)
    return found


def made_id(location: str) -> int:
    return int(location.rpartition("/")[2])


async def the_system(story: Story) -> None:
    client = story.client
    assert await client.ping() == "Pong"
    await until(client.health_check, lambda health: health.status == "healthy")
    assert (await client.get_system_info()).auth_mode == "ldap_auth"
    assert (await client.get_system_volume_info()).storage[0].free > 0
    assert (await client.get_permissions()).project
    await client.update_config(models.Configurations(session_timeout=45, robot_token_duration=20))
    told = await client.get_config()
    assert (told.session_timeout.value, told.session_timeout.editable) == (45, True)
    await client.test_oidc(models.OIDCTestReq(url=story.issuer, verify_cert=False))
    with pytest.raises(HarborAPIException):
        await client.test_oidc(models.OIDCTestReq(url=f"{story.issuer}/nothing", verify_cert=False))


async def people(story: Story) -> None:
    client = story.client
    wanted = {"email": "ann@example.org", "realname": "Ann"}
    id_ = made_id(
        await client.create_user(models.UserCreationReq(username="ann", password=PASSWORD, **wanted))
    )
    assert (await client.get_user(id_)).email == "ann@example.org"
    assert (await client.get_user_by_username("ann")).user_id == id_
    assert "ann" in {each.username for each in await client.get_users(sort="-user_id")}
    assert [each.user_id for each in await client.search_users_by_username("an")] == [id_]
    await client.update_user(id_, models.UserProfile(realname="Anna"))
    await client.set_user_admin(id_, True)
    await client.set_user_admin(id_, False)
    await client.set_user_password(id_, f"{PASSWORD}!")
    ann = story.recorder.client(Login("ann", f"{PASSWORD}!"))
    assert (await ann.get_current_user()).realname == "Anna"
    story.docker.login(Login("ann", f"{PASSWORD}!"))
    await ann.client.aclose()
    assert await client.get_current_user_permissions(scope="/project/1")
    story.kept["ann"] = id_


async def groups(story: Story) -> None:
    client = story.client
    id_ = made_id(await client.create_usergroup(models.UserGroup(group_name="ops", group_type=3)))
    await client.update_usergroup(id_, models.UserGroup(group_name="operators"))
    assert (await client.get_usergroup(id_)).group_name == "operators"
    assert id_ in {each.id for each in await client.get_usergroups()}
    assert [each.id for each in await client.search_usergroups("operat")] == [id_]
    story.kept["group"] = id_


async def the_directory(story: Story) -> None:
    client, directory = story.client, story.place.directory
    dn = directory.add_group("builders", [story.place.add_person("bob")])
    assert (await client.ping_ldap()).success
    assert [each.username for each in await client.search_ldap_users("bob")] == ["bob"]
    assert [each.ldap_group_dn for each in await client.search_ldap_groups(group_dn=dn)] == [dn]
    await client.import_ldap_users(["bob"])
    id_ = (await client.get_user_by_username("bob")).user_id
    bob = story.recorder.client(Login("bob", PASSWORD))
    await bob.set_user_cli_secret(id_, "What nobody guesses 7")
    await bob.client.aclose()
    story.docker.login(Login("bob", "What nobody guesses 7"))
    with pytest.raises(NotFound):
        await client.import_ldap_users(["nobody-of-this-name"])
    story.kept["dn"] = dn


async def a_project(story: Story) -> None:
    client = story.client
    wanted = models.ProjectReq(
        project_name=PROJECT, metadata=models.ProjectMetadata(public="true"), storage_limit=2**30
    )
    assert await client.create_project(wanted) == f"/api/v2.0/projects/{PROJECT}"
    assert await client.project_exists(PROJECT)
    assert not await client.project_exists("no-such-project")
    assert [each.name for each in await client.get_projects(name=PROJECT)] == [PROJECT]
    await client.update_project(PROJECT, models.ProjectReq(metadata=models.ProjectMetadata(public="false")))
    assert (await client.get_project(PROJECT)).metadata.public == "false"
    await client.set_project_metadata(PROJECT, models.ProjectMetadata(public="true"))
    await client.update_project_metadata_entry(PROJECT, "public", {"public": "false"})
    assert (await client.get_project_metadata(PROJECT)).public == "false"
    assert await client.get_project_metadata_entry(PROJECT, "public") == {"public": "false"}
    await client.delete_project_metadata_entry(PROJECT, "public")
    assert (await client.get_project_summary(PROJECT)).quota.hard.root["storage"] == 2**30
    assert (await client.get_project_deletable(PROJECT)).deletable
    assert (await client.get_statistics()).total_project_count >= 2
    story.kept["project"] = (await client.get_project(PROJECT)).project_id


async def members(story: Story) -> None:
    client = story.client
    ann = made_id(await client.add_project_member_user(PROJECT, "ann", 2))
    group = models.UserGroup(id=story.kept["group"])
    await client.add_project_member(PROJECT, models.ProjectMember(role_id=3, member_group=group))
    builders = made_id(await client.add_project_member_group(PROJECT, story.kept["dn"], 3))
    names = {each.entity_name: each.role_id for each in await client.get_project_members(PROJECT)}
    assert names == {"admin": 1, "ann": 2, "operators": 3, "builders": 3}
    await client.update_project_member_role(PROJECT, ann, 4)
    assert (await client.get_project_member(PROJECT, ann)).role_name == "maintainer"
    await client.remove_project_member(PROJECT, builders)
    with pytest.raises(NotFound):
        await client.get_project_member(PROJECT, builders)


async def labels(story: Story) -> None:
    client, project = story.client, story.kept["project"]
    first = made_id(await client.create_label(models.Label(name="stable", scope="g", color="#112233")))
    second = made_id(await client.create_label(models.Label(name="ours", scope="p", project_id=project)))
    await client.update_label(
        second, models.Label(name="ours", scope="p", project_id=project, color="#445566")
    )
    assert (await client.get_label(second)).color == "#445566"
    assert [each.id for each in await client.get_labels(scope="p", project_id=project)] == [second]
    story.kept["labels"] = first, second


async def robots(story: Story) -> None:
    client = story.client
    allowed = [models.Access(resource="repository", action=action) for action in ("pull", "push")]
    pushing = models.RobotPermission(kind="project", namespace=PROJECT, access=allowed)
    made = await client.create_robot(
        models.RobotCreate(name="ci", level="project", duration=30, permissions=[pushing])
    )
    robot = await client.get_robot(made.id)
    robot.description = "of the build"
    await client.update_robot(made.id, robot)
    mine = f"Level=project,ProjectID={story.kept['project']}"
    assert [each.description for each in await client.get_robots(query=mine)] == ["of the build"]
    await client.refresh_robot_secret(made.id, "What nobody guesses 8")
    story.kept["robot"] = made.id
    story.kept["pushed"] = story.push(Login(made.name, "What nobody guesses 8"), f"{PROJECT}/team/app:1.0")
