"""Harbor's Go client against a live server: signing in, people, groups and robots, as Harbor's command line asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.e2e.clients import Login
from tests.e2e.conftest import PASSWORD, Project
from tests.e2e.harbor_client import UNSET, HarborClient, RefusedError
from tests.e2e.registry import Registry
from tests.e2e.server import Wharf

NEW_PASSWORD = "staple battery horse correct"
Clients = Callable[[Login], HarborClient]


def called(client: HarborClient) -> str:
    """Who the client is signed in as: what `harbor login` asks."""
    return str(client.call("User.GetCurrentUserInfo")["username"])


def find(harbor: HarborClient, name: str) -> int:
    """As the command line finds the number of a name: page by page, a hundred at a time."""
    page = 1
    while found := harbor.call("User.ListUsers", **(UNSET | {"Page": page, "PageSize": 100})):
        for user in found:
            if user["username"] == name:
                return int(user["user_id"])
        page += 1
    raise AssertionError(f"no user {name}")


@pytest.fixture
def ann(harbor: HarborClient) -> Login:
    """Somebody made by the client."""
    who = Login(f"ann{uuid4().hex[:8]}", PASSWORD)
    wish = {
        "username": who.username,
        "password": PASSWORD,
        "email": f"{who.username}@example.org",
        "realname": "Ann",
    }
    made = harbor.answer("User.CreateUser", UserReq=wish | {"comment": "made from a terminal"})
    assert made["answer"] == "CreateUserCreated"
    return who


def test_signing_in_takes_the_right_password(harbor: HarborClient, harbor_of: Clients, ann: Login) -> None:
    assert (called(harbor), called(harbor_of(ann))) == ("admin", ann.username)
    with pytest.raises(RefusedError, match="GetCurrentUserInfoUnauthorized"):
        called(harbor_of(Login(ann.username, "wrong")))


def test_a_person_is_made_raised_given_a_password_and_deleted(
    harbor: HarborClient, harbor_of: Clients, ann: Login
) -> None:
    number, client = find(harbor, ann.username), harbor_of(ann)
    with pytest.raises(RefusedError, match="CreateUserConflict"):
        harbor.call(
            "User.CreateUser",
            UserReq={"username": ann.username, "password": PASSWORD, "email": "a@example.org"},
        )
    with pytest.raises(RefusedError, match="ListUsersForbidden"):
        client.call("User.ListUsers", **UNSET)
    harbor.call("User.SetUserSysAdmin", UserID=number, SysadminFlag={"sysadmin_flag": True})
    assert client.call("User.GetUser", UserID=number)["sysadmin_flag"] is True
    assert client.call("User.ListUsers", **UNSET)
    harbor.call("User.SetUserSysAdmin", UserID=number, SysadminFlag={"sysadmin_flag": False})
    harbor.call("User.UpdateUserPassword", UserID=number, Password={"new_password": NEW_PASSWORD})
    with pytest.raises(RefusedError, match="GetCurrentUserInfoUnauthorized"):
        called(client)
    assert called(harbor_of(Login(ann.username, NEW_PASSWORD))) == ann.username
    harbor.call("User.DeleteUser", UserID=number)
    with pytest.raises(RefusedError, match="GetUserNotFound"):
        harbor.call("User.GetUser", UserID=number)
    with pytest.raises(RefusedError, match="GetCurrentUserInfoUnauthorized"):
        called(harbor_of(Login(ann.username, NEW_PASSWORD)))


def test_everybody_keeps_a_profile_and_sees_what_he_may_do(
    harbor: HarborClient, harbor_of: Clients, ann: Login
) -> None:
    number, client = find(harbor, ann.username), harbor_of(ann)
    client.call(
        "User.UpdateUserProfile",
        UserID=number,
        Profile={"realname": "Ann B.", "email": f"b.{ann.username}@example.org"},
    )
    assert harbor.call("User.GetUser", UserID=number)["realname"] == "Ann B."
    client.call("User.SetCliSecret", UserID=number, Secret={"secret": ""})  # one is generated
    with pytest.raises(RefusedError, match="status 409"):  # who has a password chooses no second one
        client.call("User.SetCliSecret", UserID=number, Secret={"secret": "Secret" + uuid4().hex})
    allowed = harbor.call("User.GetCurrentUserPermissions", Scope="/system", Relative=True)
    assert {"resource": "user", "action": "create"} in allowed
    assert client.call("User.GetCurrentUserPermissions", Scope="/system", Relative=True) != allowed
    [found] = harbor.call("User.SearchUsers", Username=ann.username)
    assert (found["user_id"], found["username"]) == (number, ann.username)


def test_a_group_is_made_found_renamed_and_deleted(harbor: HarborClient) -> None:
    name = f"crew-{uuid4().hex[:8]}"
    harbor.call("Usergroup.CreateUserGroup", Usergroup={"group_name": name, "group_type": 3})
    with pytest.raises(RefusedError, match="CreateUserGroupConflict"):
        harbor.call("Usergroup.CreateUserGroup", Usergroup={"group_name": name, "group_type": 3})
    [found] = harbor.call("Usergroup.SearchUserGroups", Groupname=name)
    [listed] = harbor.call("Usergroup.ListUserGroups", GroupName=name, Page=0, PageSize=0)
    assert found["id"] == listed["id"]
    harbor.call("Usergroup.UpdateUserGroup", GroupID=found["id"], Usergroup={"group_name": f"{name}s"})
    assert harbor.call("Usergroup.GetUserGroup", GroupID=found["id"])["group_name"] == f"{name}s"
    harbor.call("Usergroup.DeleteUserGroup", GroupID=found["id"])
    with pytest.raises(RefusedError, match="GetUserGroupNotFound"):
        harbor.call("Usergroup.GetUserGroup", GroupID=found["id"])


def can_push(live: Wharf, who: Login, repository: str) -> bool:
    """With a token asked for now; False as well where none is given."""
    with Registry(live.url, who) as registry:
        try:
            answer = registry.push_blob(repository, uuid4().bytes)
        except httpx2.HTTPStatusError as error:
            answer = error.response
        return answer.status_code == 201


def robots(harbor: HarborClient, project: str) -> list[Any]:
    """As the command line looks for a robot of a name before it makes one."""
    number = harbor.call("Project.GetProject", ProjectNameOrID=project, XIsResourceName=True)["project_id"]
    found = harbor.call("Robot.ListRobot", **(UNSET | {"Q": f"Level=project,ProjectID={number}"}))
    assert isinstance(found, list)
    return found


def test_a_robot_of_a_project_is_made_with_every_right_used_and_deleted(
    harbor: HarborClient, project: Project, live: Wharf
) -> None:
    repository = f"{project.name}/app"
    assert robots(harbor, project.name) == []
    every = harbor.call("Permissions.GetPermissions")["project"]
    permission = {"kind": "project", "namespace": project.name, "access": every}
    wish = {"name": "ci", "description": "", "disable": False, "duration": 30, "level": "project"}
    made = harbor.call("Robot.CreateRobot", Robot=wish | {"permissions": [permission]})
    prefix = harbor.call("Configure.GetConfigurations")["robot_name_prefix"]["value"]
    assert made["name"] == f"{prefix}{project.name}+ci"
    [listed] = robots(harbor, project.name)
    assert (listed["id"], listed["name"]) == (made["id"], made["name"])
    assert can_push(live, Login(made["name"], made["secret"]), repository)

    renewed = harbor.call("Robot.RefreshSec", RobotID=made["id"], RobotSec={"secret": ""})["secret"]
    assert not can_push(live, Login(made["name"], made["secret"]), repository)
    assert can_push(live, Login(made["name"], renewed), repository)

    read = harbor.call("Robot.GetRobotByID", RobotID=made["id"])
    change = {key: read[key] for key in ("id", "name", "level", "duration", "editable", "permissions")}
    harbor.call(
        "Robot.UpdateRobot", RobotID=made["id"], Robot=change | {"description": "rests", "disable": True}
    )
    assert harbor.call("Robot.GetRobotByID", RobotID=made["id"])["disable"] is True
    assert not can_push(live, Login(made["name"], renewed), repository)

    harbor.call("Robot.DeleteRobot", RobotID=made["id"])
    with pytest.raises(RefusedError, match="GetRobotByIDNotFound"):
        harbor.call("Robot.GetRobotByID", RobotID=made["id"])


def test_a_robot_of_the_system_works_in_every_project(
    harbor: HarborClient, project: Project, live: Wharf
) -> None:
    access = [{"resource": "repository", "action": action} for action in ("pull", "push")]
    everywhere = {"kind": "project", "namespace": "*", "access": access}
    system = {"kind": "system", "namespace": "/", "access": [{"resource": "user", "action": "list"}]}
    name = f"all{uuid4().hex[:8]}"
    wish = {"name": name, "duration": -1, "level": "system", "permissions": [system, everywhere]}
    made = harbor.call("Robot.CreateRobot", Robot=wish)
    assert can_push(live, Login(made["name"], made["secret"]), f"{project.name}/app")
    assert name in made["name"]
    assert made["id"] in {each["id"] for each in harbor.call("Robot.ListRobot", **UNSET)}
    harbor.call("Robot.DeleteRobot", RobotID=made["id"])
