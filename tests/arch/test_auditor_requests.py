"""No request of the auditor's changes anything but what is his own; of the distribution API's matrix of rights he is one of
the strangers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from access.principal import AuthMethod
from accounts.models import User
from accounts.services import sessions
from artifacts import stars
from jobs.models import Run, Schedule
from tests import keys, people, schedules
from tests.arch import test_authorization_matrix as distribution
from tests.arch.callers import push_image, target
from tests.arch.recorded import done_since, last
from tests.arch.rest_acts import Route
from tests.arch.state import fingerprint
from tests.arch.test_auditor import EXPORTS
from tests.registry_api import client
from tests.registry_api.client import PASSWORD
from tests.registry_api.rest import api
from tests.registry_api.rest.matrix import MATRIX
from tests.registry_api.rest.test_authorization_matrix import request_of

TOKENS, SESSIONS = "/users/current/tokens", "/users/current/sessions"
# Requests of the matrix that make or end something of his own: the operations, and the tables beside the log.
HIS_OWN: Final[dict[Route, tuple[set[str], set[str]]]] = {
    ("export/audit-logs", "POST"): ({"audit.export-start"}, {"job_run"}),
    ("users/current/tokens", "POST"): ({"access-token.create"}, {"access_token"}),
    ("users/current/sessions", "DELETE"): (set(), set()),  # he has none
}


@pytest.fixture
def programs(application: Any) -> Iterator[api.World]:
    yield api.World(api.client(application))
    schedules.end(Run.objects.all())
    schedules.remove(Schedule.objects.all())


def changed_since(before: dict[str, str]) -> set[str]:
    """Tables but the log."""
    return {name for name, rows in fingerprint().items() if before[name] != rows} - {"audit_event"}


def test_no_route_of_the_rest_api_changes_anything_but_his_own_for_him(programs: api.World) -> None:
    programs.auditor.get("/jobs")
    for (route, method), cell in MATRIX.items():
        path, body = request_of(programs, route, method)
        before, event = fingerprint(), last()
        answer = programs.auditor.call(method, path, json=body)
        operations, tables = HIS_OWN.get((route, method), (EXPORTS if method == "GET" else set(), set()))
        assert changed_since(before) <= tables, f"{method} {route}"
        assert set(done_since(event)) <= operations, f"{method} {route}"
        is_his = (route, method) in HIS_OWN
        assert method == "GET" or (answer.status_code < 400) == is_his, f"{method} {route}"
        assert not is_his or "auditor" in cell[0], f"{method} {route}"


@dataclass(frozen=True)
class Own:
    """A request about himself: its path, made in the world; its operation, and the tables it changes beside the log."""

    method: str
    path: Callable[[api.World], str]
    operation: str
    tables: set[str]
    body: dict[str, Any] | None = None


def himself(world: api.World) -> User:
    return User.objects.get(pk=world.auditor.principal.id)


def account(world: api.World, below: str = "") -> str:
    return f"/users/{world.auditor.principal.id}{below}"


def a_token(world: api.World) -> str:
    return f"{TOKENS}/{keys.personal(himself(world)).principal.key_id}"


def a_session(world: api.World) -> str:
    found = sessions.find(sessions.start(himself(world), AuthMethod.BASIC, people.ORIGIN), people.ORIGIN)
    assert found is not None
    return f"{SESSIONS}/{found.id}"


def all_sessions(world: api.World) -> str:
    a_session(world)
    return SESSIONS


def of_a_public_repository(world: api.World, *, starred: bool = False) -> str:
    where = target(people.make_project(public=True), "app")
    push_image(where, "latest")
    if starred:
        stars.star(world.auditor.principal, where)
    return f"/projects/{where.name.project}/repositories/{where.name.path}/star"


NEW = "Another good 1 for himself"
STARS: Final = {"repository", "repository_star"}
OWN: Final = (
    Own("PUT", account, "user.update", {"account_user"}, {"realname": "Another Name"}),
    Own(
        "PUT",
        lambda world: account(world, "/password"),
        "user.password",
        {"account_user"},
        {"old_password": PASSWORD, "new_password": NEW},
    ),
    Own("PUT", lambda world: account(world, "/cli_secret"), "access-token.create", {"access_token"}, {}),
    Own(
        "POST",
        lambda _world: TOKENS,
        "access-token.create",
        {"access_token"},
        {"name": "his", "permissions": None},
    ),
    Own("DELETE", a_token, "access-token.delete", {"access_token"}),
    Own("DELETE", a_session, "session.revoke", {"web_session"}),
    Own("DELETE", all_sessions, "session.revoke", {"web_session"}),
    Own("PUT", of_a_public_repository, "repository.star", STARS),
    Own("DELETE", lambda world: of_a_public_repository(world, starred=True), "repository.unstar", STARS),
)


@pytest.mark.parametrize("own", OWN, ids=lambda own: f"{own.method} {own.operation}")
def test_what_is_his_own_he_changes(programs: api.World, own: Own) -> None:
    path = own.path(programs)
    programs.auditor.get("/jobs")
    before, event = fingerprint(), last()
    answer = programs.auditor.call(own.method, path, json=own.body)
    assert answer.status_code < 400, answer.text
    assert changed_since(before) == own.tables
    assert done_since(event) == [own.operation]


def test_no_request_of_the_distribution_api_changes_or_shows_anything_private_to_him(
    world: client.World,
) -> None:
    for (pattern, method), row in distribution.MATRIX.items():
        repository = world.auditor.repository(world.name())
        path, options = row.path(repository, world)
        before = fingerprint()
        if path.startswith("/"):
            answer = repository.client.call(method, path, scope="registry:catalog:*", **options)
            assert repository.name not in answer.text
        else:
            assert repository.call(method, path, **options).status_code in (401, 404), f"{method} {pattern}"
        assert changed_since(before) == set(), f"{method} {pattern}"
