from __future__ import annotations

from audit.flood import Flood


def flood(per_key: int = 3, in_all: int = 100, max_keys: int = 10) -> Flood[str]:
    return Flood(per_key=per_key, in_all=in_all, seconds=60.0, max_keys=max_keys)


def test_a_key_is_admitted_up_to_its_limit_and_again_in_the_next_minute():
    counter = flood()
    assert [counter.admit("a", "x", 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert counter.admit("b", "x", 1.0)
    assert counter.admit("a", "x", 60.0)


def test_what_was_suppressed_is_handed_out_once_when_the_minute_is_over():
    counter = flood()
    for number in range(5):
        counter.admit("a", f"item {number}", 0.0)
    counter.admit("quiet", "x", 0.0)
    assert counter.take_expired(59.9) == []
    (window,) = counter.take_expired(60.0)
    assert (window.suppressed, window.last) == (2, "item 4")
    assert counter.take_expired(61.0) == []


def test_all_keys_together_have_a_limit():
    counter = flood(in_all=5)
    assert sum(counter.admit(f"key {number}", "x", 0.0) for number in range(9)) == 5
    assert counter.admit("key 1", "x", 61.0)


def test_memory_is_bounded_and_no_count_is_lost():
    counter = flood(per_key=0, max_keys=10)
    for number in range(1000):
        counter.admit(f"key {number}", "x", 0.0)
    assert len(counter._windows) == 10
    assert sum(window.suppressed for window in counter.take_expired(61.0)) == 1000
