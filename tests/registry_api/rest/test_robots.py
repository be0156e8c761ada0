"""/robots: robots of projects and of the system, as Harbor's clients manage them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F

from accounts.models import Robot
from audit.models import AuditEvent
from tests import people
from tests.people import unique
from tests.registry_api.client import basic
from tests.registry_api.rest.api import World

PULL = [{"resource": "repository", "action": "pull", "effect": "allow"}]
HARBORS = {
    "id",
    "name",
    "description",
    "level",
    "duration",
    "editable",
    "disable",
    "expires_at",
    "permissions",
    "creator_type",
    "creator_ref",
    "creation_time",
}


def wish(world: World, **more: Any) -> dict[str, Any]:
    permission = {"kind": "project", "namespace": world.project.name, "access": PULL}
    return {"name": unique("bot"), "level": "project", "duration": 30, "permissions": [permission]} | more


def made(world: World, by: str = "project_admin", **more: Any) -> tuple[str, dict[str, Any]]:
    answer = world.caller(by).call("POST", "/robots", json=wish(world, **more))
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"], answer.json()


def test_a_robot_of_a_project_is_shown_once_with_its_secret_and_signs_in(world: World) -> None:
    path, told = made(world, description="builds")
    assert set(told) == {"id", "name", "secret", "creation_time", "expires_at"}
    assert told["name"].startswith(f"robot${world.project.name}+")
    own = {"Authorization": basic(told["name"], told["secret"])}
    assert world.anonymous.get("/permissions", headers=own).status_code == 200
    seen = world.maintainer.get(path).json()
    assert set(seen) == HARBORS
    assert (seen["level"], seen["duration"], seen["disable"]) == ("project", 30, False)
    assert seen["permissions"] == [{"kind": "project", "namespace": world.project.name, "access": PULL}]
    assert seen["creator_ref"] == world.project_admin.principal.id


def test_a_robot_has_no_more_than_its_maker_and_none_of_another_project(world: World) -> None:
    other = people.make_project()
    elsewhere = {"kind": "project", "namespace": other.name, "access": PULL}
    system = {"kind": "system", "namespace": "/", "access": [{"resource": "user", "action": "list"}]}
    before = Robot.objects.count()
    for status, body in (
        (404, wish(world, permissions=[elsewhere])),
        (400, wish(world, permissions=[*wish(world)["permissions"], system])),
        (400, wish(world, permissions=[{**elsewhere, "namespace": "*"}])),
        (403, wish(world, level="system")),
        (403, wish(world, level="system", permissions=[system])),
        (400, wish(world, permissions=[])),
        (400, wish(world, name="a%b")),
        (400, wish(world, name="x" * 10_000)),
        (400, wish(world, duration=0)),
    ):
        assert world.project_admin.refused("POST", "/robots", json=body)[0] == status, body
    assert Robot.objects.count() == before


def test_the_list_is_of_the_system_unless_q_names_a_project(world: World) -> None:
    _, of_project = made(world)
    permission = {"kind": "project", "namespace": "*", "access": PULL}
    _, of_system = made(world, "admin", level="system", permissions=[permission])
    listed = world.guest.call("GET", f"/robots?q=Level=project,ProjectID={world.project.pk}")
    assert listed.status_code == 403
    query = f"/robots?q=Level=project,ProjectID={world.project.pk}"
    assert [each["id"] for each in world.maintainer.get(query).json()] == [of_project["id"]]
    assert world.outsider.refused("GET", query)[0] == 404
    shown = {each["id"] for each in world.admin.get("/robots?page_size=100").json()}
    assert of_system["id"] in shown
    assert of_project["id"] not in shown
    levels = {each["level"] for each in world.admin.get("/robots?q=Level=project").json()}
    assert levels == {"project"}
    assert world.admin.refused("GET", "/robots?q=Level=nowhere")[0] == 400
    assert world.admin.refused("GET", "/robots?q=ProjectID=x")[0] == 400


def test_what_is_read_and_written_back_changes_nothing(world: World) -> None:
    path, _ = made(world, description="builds")
    before = world.project_admin.get(path).json()
    assert world.project_admin.call("PUT", path, json=before).status_code == 200
    assert world.project_admin.get(path).json() == before


def test_what_a_change_names_is_changed_and_the_rest_stays(world: World) -> None:
    path, told = made(world, description="builds")
    assert world.project_admin.call("PUT", path, json={"disable": True, "duration": -1}).status_code == 200
    seen = world.project_admin.get(path).json()
    assert (seen["disable"], seen["duration"], seen["expires_at"]) == (True, -1, -1)
    assert seen["description"] == "builds"
    headers = {"Authorization": basic(told["name"], told["secret"])}
    assert world.anonymous.get("/permissions", headers=headers).status_code == 401
    assert world.project_admin.call("PUT", path, json={"disable": False, "duration": 10}).status_code == 200
    assert world.project_admin.get(path).json()["duration"] == 10
    for never in ({"name": "other"}, {"level": "system"}):
        assert world.project_admin.refused("PUT", path, json=never)[0] == 400


def test_a_whole_robot_that_leaves_disable_out_is_enabled(world: World) -> None:
    """As Terraform's provider writes false and an empty text; a body without level is no whole robot."""
    path, _ = made(world, disable=True, description="builds")
    assert world.project_admin.call("PUT", path, json={"duration": 20}).status_code == 200
    seen = world.project_admin.get(path).json()
    assert (seen["disable"], seen["description"]) == (True, "builds")
    whole = {name: seen[name] for name in ("name", "level", "duration", "permissions")}
    assert world.project_admin.call("PUT", path, json=whole).status_code == 200
    seen = world.project_admin.get(path).json()
    assert (seen["disable"], seen["description"]) == (False, "")


def test_a_robot_that_is_made_disabled_is(world: World) -> None:
    path, told = made(world, disable=True)
    assert world.project_admin.get(path).json()["disable"] is True
    headers = {"Authorization": basic(told["name"], told["secret"])}
    assert world.anonymous.get("/permissions", headers=headers).status_code == 401


def test_a_robot_that_may_make_robots_makes_disabled_ones_and_leaves_none_by_a_refusal(world: World) -> None:
    access = [{"resource": "robot", "action": "create"}, *PULL]
    permission = {"kind": "project", "namespace": world.project.name, "access": access}
    _, maker = made(world, permissions=[permission])
    headers = {"Authorization": basic(maker["name"], maker["secret"])}
    body = wish(world, disable=True, duration=None)
    answer = world.anonymous.call("POST", "/robots", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert Robot.objects.get(name=body["name"]).disabled
    told = AuditEvent.objects.filter(actor_kind="robot", actor_id=maker["id"]).exclude(
        operation="robot.sign-in"
    )
    assert [(each.operation, each.detail["after"]["disabled"]) for each in told] == [("robot.create", True)]


def test_another_secret_ends_the_former_one_and_a_chosen_one_is_not_told(world: World) -> None:
    path, told = made(world)
    other = world.project_admin.call("PATCH", path, json={}).json()["secret"]
    assert other not in ("", told["secret"])
    chosen = "What nobody guesses 7"
    assert world.project_admin.call("PATCH", path, json={"secret": chosen}).json() == {"secret": ""}
    answers = {
        secret: world.anonymous.get(
            "/permissions", headers={"Authorization": basic(told["name"], secret)}
        ).status_code
        for secret in (told["secret"], other, chosen)
    }
    assert list(answers.values()) == [401, 401, 200]
    assert world.project_admin.refused("PATCH", path, json={"secret": "short"})[0] == 400


def test_a_removed_robot_is_unknown(world: World) -> None:
    path, _ = made(world)
    assert world.maintainer.call("DELETE", path).status_code == 403
    assert world.project_admin.call("DELETE", path).status_code == 200
    assert world.project_admin.refused("GET", path)[0] == 404


def test_days_count_from_when_a_robot_was_made(world: World) -> None:
    path, told = made(world)
    row = Robot.objects.filter(pk=told["id"])
    row.update(
        created_at=F("created_at") - timedelta(days=10), expires_at=F("expires_at") - timedelta(days=10)
    )
    assert world.project_admin.get(path).json()["duration"] == 30
    assert world.project_admin.call("PUT", path, json={"duration": 15}).status_code == 200
    seen = world.project_admin.get(path).json()
    assert seen["duration"] == 15
    left = datetime.fromtimestamp(seen["expires_at"], UTC) - datetime.now(UTC)
    assert timedelta(days=4) < left <= timedelta(days=5)
    status, message = world.project_admin.refused("PUT", path, json={"duration": 5})
    assert (status, "10 days ago" in message) == (400, True)
