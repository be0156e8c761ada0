"""Limits of requests, on each face: so many a minute of a user, a robot and an address, then 429 until the minute is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from pytest_django.plugin import DjangoDbBlocker

from access.principal import ActorKind, Origin, Principal
from accounts import gate
from accounts.gate import rates
from audit.models import AuditEvent
from config import services
from config.catalogue.limits import REQUESTS_PER_MINUTE, REQUESTS_PER_MINUTE_OF_ADDRESS
from core.errors import TooManyRequests
from tests.people import SYSTEM, unique
from tests.registry_api.client import HOST, Registry, World
from tests.registry_api.replay import Replaying

pytestmark = pytest.mark.plain
Limit = Callable[..., None]


@pytest.fixture
def limit(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Limit]:
    """`limit(of_principal=3)`: as an administrator sets it, in force at once here."""
    keys = (REQUESTS_PER_MINUTE.key, REQUESTS_PER_MINUTE_OF_ADDRESS.key)

    def set_(of_principal: int = 0, of_address: int = 0) -> None:
        services.change(SYSTEM, dict(zip(keys, (of_principal, of_address), strict=True)))
        rates.forget()

    with django_db_blocker.unblock():
        yield set_
        services.reset(SYSTEM, keys)
        rates.forget()


def someone(name: str = "", id_: int = 0, ip: str = "198.51.100.1") -> Principal:
    return Principal(ActorKind.USER, id_ or hash(unique("u")) % 10**9, name or "u", origin=Origin(ip=ip))


def admitted(actor: Principal, times: int) -> int:
    """How many of so many requests are let through."""
    return sum(_is_let_through(actor) for _ in range(times))


def _is_let_through(actor: Principal) -> bool:
    try:
        rates.check_address(actor.origin)
        rates.check_principal(actor)
    except TooManyRequests:
        return False
    return True


def test_without_limits_nobody_is_counted(limit: Limit) -> None:
    limit()
    assert admitted(someone(), 200) == 200


def test_so_many_of_a_user_and_no_more_while_others_go_on(limit: Limit) -> None:
    limit(of_principal=5)
    busy, other = someone(), someone()
    assert admitted(busy, 9) == 5
    assert admitted(other, 5) == 5
    with pytest.raises(TooManyRequests) as told:
        rates.check_principal(busy)
    assert 1 <= told.value.retry_after <= 60
    assert "one user or robot may make 5 a minute" in told.value.message


def test_a_robot_and_a_user_of_one_number_are_two(limit: Limit) -> None:
    limit(of_principal=2)
    user = someone(id_=77_000_001)
    robot = Principal(ActorKind.ROBOT, 77_000_001, "robot", origin=user.origin)
    assert (admitted(user, 3), admitted(robot, 3)) == (2, 2)


def test_an_address_counts_everybody_who_comes_from_it(limit: Limit) -> None:
    limit(of_address=4)
    first, second = someone(ip="198.51.100.20"), someone(ip="198.51.100.20")
    assert admitted(first, 3) + admitted(second, 3) == 4
    assert admitted(someone(ip="198.51.100.21"), 1) == 1


def test_one_network_of_ipv6_is_one_address(limit: Limit) -> None:
    limit(of_address=2)
    addresses = [f"2001:db8:7:9::{number}" for number in range(1, 6)]
    assert sum(admitted(someone(ip=each), 1) for each in addresses) == 2
    assert admitted(someone(ip="2001:db8:7:a::1"), 1) == 1


def test_a_refusal_is_recorded_and_a_flood_of_them_is_not(limit: Limit) -> None:
    limit(of_principal=1)
    busy = someone(name=unique("busy"))
    admitted(busy, 60)
    events = AuditEvent.objects.filter(actor_name=busy.name, operation="request.limit")
    assert {each.result for each in events} == {"denied"}
    assert 1 <= events.count() <= 10


def test_the_distribution_api_and_the_token_service_answer_429(limit: Limit, world: World) -> None:
    limit(of_principal=4)
    answers = [_pinged(world) for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 429, 429]
    _is_told(answers[-1])
    token = world.registry.request(
        "GET", "/service/token", headers={"Authorization": world.developer.basic or ""}
    )
    assert token.status_code == 429
    _is_told(token)
    assert world.registry.request("GET", "/v2/").status_code == 401  # whoever does not say who he is


def _pinged(world: World) -> httpx2.Response:
    """With a token where one is to be had: two requests."""
    headers = {"Authorization": world.developer.basic or ""}
    token = world.registry.request("GET", "/service/token", headers=headers)
    if token.status_code != 200:
        return token
    return world.registry.request("GET", "/v2/", headers={"Authorization": f"Bearer {token.json()['token']}"})


def _is_told(answer: httpx2.Response) -> None:
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    (error,) = answer.json()["errors"]
    assert error["code"] == "TOOMANYREQUESTS"
    assert "try again in" in error["message"]


def test_guesses_at_credentials_count_for_the_address(limit: Limit, registry: Registry) -> None:
    limit(of_address=3)
    headers = {"Authorization": "Bearer nonsense"}
    statuses = [registry.request("GET", "/v2/", headers=headers).status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]


def test_an_address_over_its_limit_is_refused_before_anything_is_hashed_and_counted_once(
    limit: Limit, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(of_address=3)
    proven: list[str] = []

    def prove(username: str, _password: str, _origin: Origin) -> Principal:
        proven.append(username)
        return someone(ip="127.0.0.1")

    monkeypatch.setattr(gate, "prove", prove)
    headers = {"Authorization": world.developer.basic or ""}
    anywhere = httpx2.Client(
        transport=httpx2.WSGITransport(world.registry.application), base_url=f"http://{HOST}", headers=headers
    )
    for path in ("/v2/", "/service/token", "/api/v2.0/jobservice/queues"):
        monkeypatch.setattr(rates, "_rates", rates._Rates(unique("fresh")))
        proven.clear()
        statuses = [anywhere.get(path).status_code for _ in range(5)]
        assert (statuses[3:], len(proven)) == ([429, 429], 3), path


def test_the_valkey_that_is_away_makes_each_process_count_for_itself(
    limit: Limit, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(of_principal=3)
    settings.WHARF_REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(rates, "_rates", rates._Rates(rates.PREFIX))
    assert admitted(someone(), 10) == 3


def test_all_processes_share_the_counts(limit: Limit, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(of_principal=6)
    busy = someone()
    assert admitted(busy, 4) == 4
    monkeypatch.setattr(rates, "_rates", rates._Rates(rates.PREFIX))  # as in another process
    assert admitted(busy, 4) == 2


def test_two_limits_cost_the_read_lane_one_round_trip(limit: Limit) -> None:
    limit(of_principal=100, of_address=100)
    busy = someone()
    rates.check_address(busy.origin)  # reads the limits
    before = _asked_of_valkey()
    assert rates.admits(busy.kind, busy.id, busy.origin.ip)
    after = _asked_of_valkey()
    assert {name: after[name] - before[name] for name in after} == {"EVAL": 1, "GET": 0, "EVALSHA": 0}


def _asked_of_valkey() -> dict[str, int]:
    """How often each command was sent; what a script does itself is not among these."""
    valkey: Any = rates._rates._valkey().get_connection()
    known = valkey.info("commandstats")
    named = ("EVAL", "GET", "EVALSHA")
    return {name: known.get(f"cmdstat_{name.lower()}", {}).get("calls", 0) for name in named}


def test_the_read_lane_counts_too_and_keeps_what_it_remembers(
    limit: Limit, replaying: Replaying, world: World
) -> None:
    pushed = world.maintainer.repository(world.name("app"))
    digest = pushed.push_image()
    token = world.registry.token(f"repository:{pushed.name}:pull", basic=world.developer.basic)
    lane = Registry(replaying._lane)

    def read(by: str) -> int:
        path = f"/v2/{pushed.name}/manifests/{digest}"
        return lane.request("GET", path, headers={"Authorization": f"Bearer {by}"}).status_code

    assert [read(token) for _ in range(3)] == [200] * 3
    limit(of_principal=5)
    assert [read(token) for _ in range(7)] == [200] * 5 + [429] * 2
    other = world.registry.token(f"repository:{pushed.name}:pull", basic=world.guest.basic)
    assert read(other) == 200
