"""Projects, their members and their metadata. A member in a path is a guest of the world's project."""

from __future__ import annotations

from typing import Any

from access.models import Member
from access.table import Role
from accounts.models import User
from tests import people
from tests.people import unique
from tests.registry_api.rest.api import World
from tests.registry_api.rest.matrix.cells import EVERYBODY, MANY, SIGNED_IN, Filled, Places, Rows
from tests.registry_api.rest.matrix.rules import KNOWING

OWNERS = {"project_admin", "admin", "project_robot", "admin_pat"}
MEMBER_READERS = {"guest", "developer", "maintainer", "auditor", *OWNERS}
METADATA_READERS = {"maintainer", "auditor", *OWNERS}

ONE = "projects/<str:project>"
MEMBERS, MEMBER = f"{ONE}/members", f"{ONE}/members/<id:member_id>"
METADATAS, METADATA = f"{ONE}/metadatas", f"{ONE}/metadatas/<str:key>"
PUBLIC = {"public": "true"}


def _new_project(_world: World) -> dict[str, object]:
    return {"project_name": unique("made"), "metadata": PUBLIC}


def _new_member(_world: World) -> dict[str, object]:
    return {"role_id": int(Role.GUEST), "member_user": {"user_id": people.make_user().pk}}


ROWS: Rows = {
    ("projects", "GET"): (EVERYBODY, 200, 0, None),
    ("projects", "POST"): ({"admin", "operator_robot"}, 201, 403, _new_project),
    (ONE, "GET"): (KNOWING, 200, 404, None),
    (ONE, "PUT"): (OWNERS, 200, KNOWING, {"metadata": PUBLIC}),
    (ONE, "DELETE"): (OWNERS, 200, KNOWING, None),
    (f"{ONE}/_deletable", "GET"): (OWNERS, 200, KNOWING, None),
    (f"{ONE}/summary", "GET"): (KNOWING, 200, 404, None),
    (MEMBERS, "GET"): (MEMBER_READERS, 200, KNOWING, None),
    (MEMBERS, "POST"): (OWNERS, 201, KNOWING, _new_member),
    (MEMBER, "GET"): (MEMBER_READERS, 200, KNOWING, None),
    (MEMBER, "PUT"): (OWNERS, 200, KNOWING, {"role_id": int(Role.LIMITED_GUEST)}),
    (MEMBER, "DELETE"): (OWNERS, 200, KNOWING, None),
    (METADATAS, "GET"): (METADATA_READERS, 200, KNOWING, None),
    (METADATAS, "POST"): (OWNERS, 200, KNOWING, PUBLIC),
    (METADATA, "GET"): (METADATA_READERS, 200, KNOWING, None),
    (METADATA, "PUT"): (OWNERS, 200, KNOWING, PUBLIC),
    (METADATA, "DELETE"): (OWNERS, 200, KNOWING, None),
    ("statistics", "GET"): (SIGNED_IN, 200, 0, None),
}


def _member(world: World) -> str:
    row: Any = Member.objects.create(
        project=world.project, user=people.make_user("subject"), role_id=Role.GUEST
    )
    return str(row.pk)


PLACES: Places = {"<id:member_id>": _member, "<str:key>": lambda _world: "public"}


def _projects(_world: World) -> None:
    for _ in range(MANY):
        people.make_project()


def _members(world: World) -> None:
    made = User.objects.bulk_create(User(username=unique("user"), password="!") for _ in range(MANY))
    Member.objects.bulk_create(Member(project=world.project, user=user, role_id=Role.GUEST) for user in made)


FILLED: Filled = {"projects": _projects, MEMBERS: _members}
