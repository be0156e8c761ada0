"""People, their groups, robots and what robots may be given. A user, group or robot in a path is made anew each time."""

from __future__ import annotations

from access.principal import AuthMethod
from access.table import P
from accounts.models import Group, User
from accounts.services import sessions
from tests import keys, people
from tests.people import unique
from tests.registry_api.rest.api import World
from tests.registry_api.rest.matrix.cells import EDITORS, MANY, SIGNED_IN, Filled, Places, Rows
from tests.registry_api.rest.matrix.rules import ADMINS, KNOWING

PASSWORD = "What nobody guesses 7"
# A robot changes no rights and no passwords.
IN_PERSON = {"admin"}
PEOPLE = SIGNED_IN - {kind for kind in keys.KINDS if kind.endswith("robot")}
# Who may add members to the project, and so finds people. A robot does so where it lists users.
ADDING = {*ADMINS, "project_admin", "admin_pat"}
ROBOT_READERS = {*EDITORS, "auditor", "admin", "admin_pat"}
ROBOT_CHANGERS = {"project_admin", "admin", "admin_pat"}
BY_PASSWORD = SIGNED_IN - set(keys.KINDS)
TOKENS, SESSIONS = "users/current/tokens", "users/current/sessions"
USER, ROBOT, GROUP = "users/<id:user_id>", "robots/<id:robot_id>", "usergroups/<id:group_id>"


def _new_user(_world: World) -> dict[str, object]:
    return {"username": unique("made"), "password": PASSWORD, "email": "made@example.org", "realname": "Made"}


def _new_robot(world: World) -> dict[str, object]:
    access = [{"resource": "repository", "action": "pull"}]
    permission = {"kind": "project", "namespace": world.project.name, "access": access}
    return {"name": unique("bot"), "level": "project", "duration": -1, "permissions": [permission]}


ROWS: Rows = {
    ("users", "GET"): (ADMINS, 200, 403, None),
    ("users", "POST"): (ADMINS, 201, 403, _new_user),
    ("users/search", "GET"): (ADDING, 200, 403, None),
    ("users/current", "GET"): (PEOPLE, 200, 403, None),
    ("users/current/permissions", "GET"): (SIGNED_IN, 200, 0, None),
    # By a password or a session: keys neither see nor make keys. Those in the path are the administrator's.
    (TOKENS, "GET"): (BY_PASSWORD, 200, 403, None),
    (TOKENS, "POST"): (BY_PASSWORD, 201, 403, {"name": "laptop", "permissions": None}),
    (f"{TOKENS}/<id:token_id>", "GET"): ({"admin"}, 200, SIGNED_IN - BY_PASSWORD, None),
    (f"{TOKENS}/<id:token_id>", "DELETE"): ({"admin"}, 200, SIGNED_IN - BY_PASSWORD, None),
    (SESSIONS, "GET"): (BY_PASSWORD, 200, 403, None),
    (SESSIONS, "DELETE"): (BY_PASSWORD, 200, 403, None),
    (f"{SESSIONS}/<id:session_id>", "DELETE"): ({"admin"}, 200, SIGNED_IN - BY_PASSWORD, None),
    (USER, "GET"): (ADMINS, 200, 403, None),
    (USER, "PUT"): (ADMINS, 200, 403, {"realname": "Another Name"}),
    (USER, "DELETE"): (ADMINS, 200, 403, None),
    (f"{USER}/sysadmin", "PUT"): (IN_PERSON, 200, 403, {"sysadmin_flag": True}),
    (f"{USER}/password", "PUT"): (IN_PERSON, 200, 403, {"new_password": PASSWORD}),
    # Its owner alone: see test_users.py.
    (f"{USER}/cli_secret", "PUT"): (set(), 200, 403, {}),
    ("robots", "GET"): (ADMINS, 200, 403, None),
    ("robots", "POST"): (ROBOT_CHANGERS | {"project_robot"}, 201, KNOWING, _new_robot),
    (ROBOT, "GET"): (ROBOT_READERS, 200, 404, None),
    (ROBOT, "PUT"): (ROBOT_CHANGERS, 200, ROBOT_READERS, {"description": "for the build"}),
    (ROBOT, "PATCH"): (ROBOT_CHANGERS, 200, ROBOT_READERS, {}),
    (ROBOT, "DELETE"): (ROBOT_CHANGERS, 200, ROBOT_READERS, None),
    ("usergroups", "GET"): (ADMINS, 200, 403, None),
    ("usergroups", "POST"): (ADMINS, 201, 403, lambda _world: {"group_name": unique("made")}),
    ("usergroups/search", "GET"): (ADDING, 200, 403, None),
    (GROUP, "GET"): (ADMINS, 200, 403, None),
    (GROUP, "PUT"): (ADMINS, 200, 403, lambda _world: {"group_name": unique("renamed")}),
    (GROUP, "DELETE"): (ADMINS, 200, 403, None),
    ("configurations", "GET"): (IN_PERSON, 200, 403, None),
    ("configurations", "PUT"): (IN_PERSON, 200, 403, {"session_timeout": 60}),
    # Whoever is let in is told that there is no directory, and no provider.
    ("ldap/ping", "POST"): (IN_PERSON, 200, 403, {}),
    ("ldap/users/search", "GET"): (ADMINS, 412, 403, None),
    ("ldap/users/import", "POST"): (ADMINS, 412, 403, {"ldap_uid_list": ["ann"]}),
    ("ldap/groups/search", "GET"): (ADMINS, 412, 403, None),
    ("system/oidc/ping", "POST"): (IN_PERSON, 400, 403, {}),
    ("systeminfo/volumes", "GET"): (ADMINS, 200, 403, None),
    ("permissions", "GET"): (SIGNED_IN, 200, 0, None),
}


def _robot(world: World) -> str:
    pulling = keys.in_project(world.project, frozenset({P.REPOSITORY_PULL}))
    return str(keys.robot(pulling, project=world.project).principal.id)


def _admin(world: World) -> User:
    return User.objects.get(pk=world.admin.principal.id)


def _session(world: World) -> str:
    found = sessions.find(sessions.start(_admin(world), AuthMethod.BASIC, people.ORIGIN), people.ORIGIN)
    assert found is not None
    return str(found.id)


PLACES: Places = {
    "<id:token_id>": lambda world: str(keys.personal(_admin(world)).principal.key_id),
    "<id:session_id>": _session,
    "<id:user_id>": lambda _world: str(people.make_user().pk),
    "<id:robot_id>": _robot,
    "<id:group_id>": lambda _world: str(Group.objects.create(name=unique("group")).pk),
}


def _thirty_people(_world: World) -> None:
    User.objects.bulk_create(User(username=unique("many")) for _ in range(MANY))


def _thirty_groups(_world: World) -> None:
    Group.objects.bulk_create(Group(name=unique("many")) for _ in range(MANY))


def _thirty_robots(world: World) -> None:
    for _ in range(MANY):
        keys.robot(keys.in_project(world.project, keys.PULL))


def _thirty_tokens(world: World) -> None:
    for _ in range(MANY):
        keys.personal(_admin(world), keys.in_project(world.project, keys.PULL))


def _thirty_sessions(world: World) -> None:
    for _ in range(MANY):
        _session(world)


FILLED: Filled = {
    TOKENS: _thirty_tokens,
    SESSIONS: _thirty_sessions,
    "users": _thirty_people,
    "users/search": _thirty_people,
    "robots": _thirty_robots,
    "usergroups": _thirty_groups,
    "usergroups/search": _thirty_groups,
}
