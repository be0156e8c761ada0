"""A client written for Harbor by others (harborapi) makes projects, people, groups and robots, in its own models."""

from __future__ import annotations

import pytest
from harborapi.exceptions import Conflict, NotFound

from tests.registry_api.rest.harbor import Asked, asked, instance

__all__ = ["asked", "instance"]

pytestmark = [
    pytest.mark.services,
    # The client's own: it asks pydantic's models in an old way.
    pytest.mark.filterwarnings("ignore:Accessing the 'model_fields':DeprecationWarning"),
]


def test_the_client_makes_a_project_gives_roles_in_it_and_removes_it(asked: Asked) -> None:
    from harborapi import models

    project = models.ProjectReq(
        project_name="journey", metadata=models.ProjectMetadata(public="true"), storage_limit=2**30
    )
    location = asked(lambda client: client.create_project(project))
    assert location == "/api/v2.0/projects/journey"
    assert asked(lambda client: client.project_exists("journey"))
    assert not asked(lambda client: client.project_exists("no-journey"))
    found = asked(lambda client: client.get_project("journey"))
    assert [each.name for each in asked(lambda client: client.get_projects(name="journ", public=True))] == [
        "journey"
    ]
    private = models.ProjectReq(metadata=models.ProjectMetadata(public="false"))
    asked(lambda client: client.update_project("journey", private))
    assert asked(lambda client: client.get_project(found.project_id)).metadata.public == "false"
    asked(lambda client: client.update_project_metadata_entry("journey", "public", {"public": "true"}))
    assert asked(lambda client: client.get_project_metadata("journey")).public == "true"
    _gives_roles(asked, found.project_id)
    summary = asked(lambda client: client.get_project_summary("journey"))
    assert (summary.repo_count, summary.project_admin_count) == (0, 1)
    assert asked(lambda client: client.get_statistics()).total_project_count >= 1
    assert asked(lambda client: client.get_project_deletable("journey")).deletable
    asked(lambda client: client.delete_project("journey"))
    assert not asked(lambda client: client.project_exists("journey"))


def _gives_roles(asked: Asked, project_id: int) -> None:
    """The maker is the project's admin, and stays that."""
    (maker,) = asked(lambda client: client.get_project_members("journey"))
    assert (maker.entity_name, maker.role_name, maker.entity_type) == ("admin", "projectAdmin", "u")
    with pytest.raises(Conflict):
        asked(lambda client: client.add_project_member_user(project_id, "admin", 2))
    with pytest.raises(NotFound):
        asked(lambda client: client.add_project_member_group(project_id, 10**9, 2))
    with pytest.raises(Conflict):
        asked(lambda client: client.update_project_member_role("journey", maker.id, 3))
    again = asked(lambda client: client.get_project_member(project_id, maker.id))
    assert again == maker


def test_the_client_makes_people_and_their_groups(asked: Asked) -> None:
    from harborapi import models

    wanted = models.UserCreationReq(
        username="journey-ann", password="What nobody guesses 7", email="ann@example.org", realname="Ann"
    )
    id_ = int(asked(lambda client: client.create_user(wanted)).rpartition("/")[2])
    asked(lambda client: client.set_user_admin(id_, True))
    asked(lambda client: client.update_user(id_, models.UserProfile(realname="Anna")))
    found = asked(lambda client: client.get_user_by_username("journey-ann"))
    assert (found.user_id, found.realname, found.email) == (id_, "Anna", "ann@example.org")
    assert found.sysadmin_flag
    asked(lambda client: client.set_user_password(id_, "What nobody guesses 8"))
    searched = asked(lambda client: client.search_users_by_username("journey"))
    assert [each.user_id for each in searched] == [id_]
    assert asked(lambda client: client.get_current_user()).username == "admin"
    assert asked(lambda client: client.get_current_user_permissions())
    asked(lambda client: client.delete_user(id_))
    group = models.UserGroup(group_name="journey-ops", group_type=3)
    group_id = int(asked(lambda client: client.create_usergroup(group)).rpartition("/")[2])
    assert asked(lambda client: client.get_usergroup(group_id)).group_type == 3
    assert asked(lambda client: client.search_usergroups("journey"))[0].id == group_id
    asked(lambda client: client.delete_usergroup(group_id))


def test_the_client_makes_robots_and_reads_settings(asked: Asked) -> None:
    from harborapi import models

    pulling = models.RobotPermission(
        kind="project", namespace="library", access=[models.Access(resource="repository", action="pull")]
    )
    wanted = models.RobotCreate(name="journey", level="project", duration=30, permissions=[pulling])
    made = asked(lambda client: client.create_robot(wanted))
    assert made.name == "robot$library+journey"
    robot = asked(lambda client: client.get_robot(made.id))
    robot.description = "for the build"
    asked(lambda client: client.update_robot(made.id, robot))
    assert asked(lambda client: client.get_robot(made.id)) == robot
    asked(lambda client: client.refresh_robot_secret(made.id, "What nobody guesses 7"))
    asked(lambda client: client.delete_robot(made.id))
    assert asked(lambda client: client.get_permissions()).project
    asked(lambda client: client.update_config(models.Configurations(session_timeout=45)))
    assert asked(lambda client: client.get_config()).session_timeout.value == 45
    assert asked(lambda client: client.get_system_volume_info()).storage[0].free > 0
    assert not asked(lambda client: client.ping_ldap()).success
