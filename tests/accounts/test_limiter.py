"""How many guesses are let through, whom a refusal touches, and what becomes of the counts without Valkey."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.conf import settings
from limits import RateLimitItemPerMinute

from access.principal import Origin
from accounts.gate import limiter
from accounts.gate.counting import AWAY_SECONDS, Counts
from core.errors import TooManyRequests
from tests.people import unique

HERE = Origin("192.0.2.7")
NEXT_DOOR = Origin("192.0.2.200")
ELSEWHERE = Origin("198.51.100.7")
FRACTION = 5.0  # of what it takes when each of fifty waits

pytestmark = pytest.mark.usefixtures("services")


def wrong(name: str, origin: Origin = HERE) -> bool:
    """Whether a wrong guess was looked at."""
    try:
        with limiter.guess(name, origin):
            return True
    except TooManyRequests:
        return False


def right(name: str, origin: Origin = HERE) -> None:
    with limiter.guess(name, origin) as guess:
        guess.was_right()


def wrongs(number: int, name: str, origin: Origin = HERE) -> int:
    """How many of so many wrong guesses were looked at."""
    return sum(wrong(name, origin) for _ in range(number))


def test_of_one_name_from_one_network_five_a_minute_are_looked_at():
    assert wrongs(50, "ann") == 5


def test_a_refusal_says_when_it_ends():
    wrongs(5, "ann")
    with pytest.raises(TooManyRequests) as caught, limiter.guess("ann", HERE):
        pass
    assert 55 <= caught.value.retry_after <= 60
    assert f"in {caught.value.retry_after} seconds" in caught.value.message


def test_another_network_and_another_name_are_not_touched_and_a_neighbour_is():
    wrongs(5, "ann")
    assert not wrong("ann", NEXT_DOOR)
    assert wrong("ann", ELSEWHERE)
    assert wrong("bob")


@pytest.mark.parametrize("spelling", ["ANN", "Ann", "\uff21nn", "\u00e4nn", "A\u0301nn", "ann\u0307"])
def test_another_spelling_is_the_same_name(spelling: str):
    wrongs(5, "ann")
    assert not wrong(spelling)


def test_right_ones_do_not_count_and_do_not_forgive():
    wrongs(4, "ann")
    for _ in range(20):
        right("ann")
    assert wrongs(5, "ann") == 1


def test_a_refused_guess_moves_nothing():
    wrongs(5, "ann")
    key = limiter._key("ann", "192.0.2.0/24")
    ends = limiter._counts.ends_at(limiter.OF_NAME, key)
    wrongs(20, "ann")
    assert limiter._counts.ends_at(limiter.OF_NAME, key) <= ends + 1
    limiter._counts.give_back(limiter.OF_NAME, key)
    assert wrongs(3, "ann") == 1


def test_in_an_hour_fifty_are_looked_at(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limiter, "OF_NAME", RateLimitItemPerMinute(1000))
    assert wrongs(80, "ann") == 50
    with pytest.raises(TooManyRequests) as caught, limiter.guess("ann", HERE):
        pass
    assert caught.value.retry_after > 3500


def test_a_network_has_a_hundred_for_all_names_and_takes_nobodys_own(monkeypatch: pytest.MonkeyPatch):
    assert sum(wrong(f"name{number}") for number in range(150)) == 100
    assert not wrong("ann", NEXT_DOOR)
    assert wrong("ann", ELSEWHERE)
    # What the network's limit refused has taken nothing of his own.
    monkeypatch.setattr(limiter, "OF_NETWORK", RateLimitItemPerMinute(1000))
    assert wrongs(9, "ann") == 5


def test_what_nobody_could_check_counts_for_the_minute_alone(monkeypatch: pytest.MonkeyPatch):
    for _ in range(5):
        with limiter.guess("ann", HERE) as guess:
            guess.stays_open()
    assert not wrong("ann")
    monkeypatch.setattr(limiter, "OF_NAME", RateLimitItemPerMinute(1000))
    assert wrongs(80, "ann") == 50


def test_what_breaks_in_between_counts():
    for _ in range(5):
        with pytest.raises(RuntimeError), limiter.guess("ann", HERE):
            raise RuntimeError("anything")
    assert not wrong("ann")


def test_many_at_once_are_no_way_around():
    name = unique("ann")
    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(lambda _: wrong(name), range(200))) == 5


def test_all_processes_share_the_counts(monkeypatch: pytest.MonkeyPatch):
    prefix = unique("shared")
    looked_at = 0
    for _ in range(8):
        monkeypatch.setattr(limiter, "_counts", Counts(prefix))
        looked_at += wrongs(4, "ann")
    assert looked_at == 5


def test_what_is_kept_in_valkey_says_no_name():
    name = unique("a-password-in-the-wrong-field")
    wrong(name)
    valkey = redis.Redis.from_url(settings.WHARF_REDIS_URL)
    kept = list(valkey.scan_iter(match=f"{limiter._counts._prefix}*"))
    assert len(kept) == 4
    assert not any(name.encode() in key for key in kept)
    assert all(0 < valkey.ttl(key) <= 3600 for key in kept)


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("64:ff9b::192.0.2.7", "192.0.2.0/24"),
        (None, ""),
        ("nonsense", ""),
    ],
)
def test_a_network_is_what_one_customer_has(ip: str | None, network: str):
    assert limiter.network_of(ip) == network


def test_accounts_of_ones_own_are_limited_by_the_hour():
    for _ in range(20):
        limiter.registration(HERE)
    with pytest.raises(TooManyRequests):
        limiter.registration(NEXT_DOOR)
    limiter.registration(ELSEWHERE)


@pytest.mark.parametrize("address", ["unix:///nonexistent/valkey.sock", "redis://127.0.0.1:1/0"])
def test_without_valkey_each_process_counts_for_itself_and_nobody_waits(
    monkeypatch: pytest.MonkeyPatch, address: str
):
    monkeypatch.setattr(settings, "WHARF_REDIS_URL", address)
    monkeypatch.setattr(limiter, "_counts", Counts(unique("away")))
    begun = time.monotonic()
    assert wrongs(50, "ann") == 5
    right("bob")
    assert time.monotonic() - begun < FRACTION


def test_valkey_is_used_again_once_it_is_back(monkeypatch: pytest.MonkeyPatch):
    address, counts = settings.WHARF_REDIS_URL, Counts(unique("back"))
    monkeypatch.setattr(limiter, "_counts", counts)
    monkeypatch.setattr(settings, "WHARF_REDIS_URL", "unix:///nonexistent/valkey.sock")
    assert wrong("ann")
    assert counts._away_until > time.monotonic()
    monkeypatch.setattr(settings, "WHARF_REDIS_URL", address)
    counts._shared = None
    counts._away_until = time.monotonic() - AWAY_SECONDS  # the time has passed
    assert wrong("ann")
    assert len(list(redis.Redis.from_url(address).scan_iter(match=f"{counts._prefix}*"))) == 4


def test_a_valkey_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        monkeypatch.setattr(settings, "WHARF_REDIS_URL", f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        monkeypatch.setattr(limiter, "_counts", Counts(unique("hangs")))
        begun = time.monotonic()
        assert wrongs(50, "ann") == 5
        assert time.monotonic() - begun < FRACTION
