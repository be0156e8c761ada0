"""The pool while its server is away: whoever asks is refused within two seconds, and served as soon as it is back.

While the server is there, however slow, nobody is refused before the pool's whole timeout.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from tests.instances import children
from tests.session import superuser
from wharf.pooled_postgresql.answering import is_answer
from wharf.pooled_postgresql.base import KNOWN_SECONDS, PATIENCE_SECONDS, Pool, check

ANSWER_SECONDS, AT_ONCE = 2.5, 1.0  # half a second more than is promised; less than any wait takes


@pytest.fixture
def way(tmp_path: Path, services: Path) -> Path:
    """The folder of the server's socket, as the pool knows it; remove it, and the server is away."""
    found = tmp_path / "run"
    found.symlink_to(services / "run")
    return found


@pytest.fixture
def pool(way: Path, services: Path, django_db_setup: None) -> Iterator[Pool]:
    url = os.environ["WHARF_DATABASE_URL"].replace(str(services / "run"), str(way))
    made = Pool(
        conninfo=url, kwargs={"autocommit": True}, min_size=0, max_size=2, timeout=5.0, check=check, open=True
    )
    yield made
    made.close()


def ask(pool: Pool, work: float = 0.0) -> tuple[bool, float]:
    """Whether a statement was answered, and after how many seconds that was known."""
    begun = time.monotonic()
    try:
        with pool.connection() as connection:
            connection.execute("SELECT pg_sleep(%s)", (work,))
    except PoolTimeout:
        return False, time.monotonic() - begun
    return True, time.monotonic() - begun


def at_once(pool: Pool, clients: int) -> list[tuple[bool, float]]:
    with ThreadPoolExecutor(clients) as threads:
        return list(threads.map(lambda _: ask(pool), range(clients)))


def gone(pool: Pool, way: Path) -> Path:
    """The server away, with all connections to it; where the way to it is kept."""
    with pool.connection() as connection:
        kept = way.rename(way.with_name("kept"))
        connection.close()
    return kept


@contextmanager
def frozen(services: Path) -> Iterator[None]:
    """All processes of the server stopped, as on a host out of memory; the kernel still takes connections for them."""
    with superuser(services) as connection:
        found = connection.execute("SHOW data_directory").fetchone()
    assert found is not None
    head = int(Path(found[0], "postmaster.pid").read_text().split()[0])
    family = [head]
    os.kill(head, signal.SIGSTOP)
    try:
        for child in children(head):
            family.append(child)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGSTOP)
        yield
    finally:
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_sixty_four_at_once_are_refused_within_two_seconds_and_after_that_at_once(pool: Pool, way: Path):
    assert ask(pool)[0]
    gone(pool, way)
    first = at_once(pool, 64)
    assert not any(answered for answered, _ in first)
    assert max(seconds for _, seconds in first) < ANSWER_SECONDS
    later = at_once(pool, 64)
    assert not any(answered for answered, _ in later)
    assert max(seconds for _, seconds in later) < AT_ONCE


def test_it_serves_as_soon_as_the_server_is_back_however_long_it_was_away(pool: Pool, way: Path):
    kept = gone(pool, way)
    until = time.monotonic() + 6
    while time.monotonic() < until:
        assert not ask(pool)[0]
        time.sleep(0.1)
    kept.rename(way)
    back = time.monotonic()
    while not ask(pool)[0]:
        assert time.monotonic() - back < ANSWER_SECONDS
        time.sleep(0.05)


def test_an_absence_that_is_short_fails_nobody(pool: Pool, way: Path):
    kept = gone(pool, way)
    threading.Timer(PATIENCE_SECONDS / 2, lambda: kept.rename(way)).start()
    assert all(answered for answered, _ in at_once(pool, 8))


@pytest.mark.parametrize("seconds", [1.0, 2.0])
def test_who_waits_for_busy_connections_waits_on_as_long_as_the_server_answers(pool: Pool, seconds: float):
    """Two clients at a time, each longer than it takes to find a server away; one comes while it is looked for."""
    held = [pool.getconn(), pool.getconn()]
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(ask, pool, 0.5) for _ in range(4)]
        time.sleep(seconds)
        pool.putconn(held.pop())
        waiting += [threads.submit(ask, pool, 0.5) for _ in range(4)]
        time.sleep(seconds)
        pool.putconn(held.pop())
        answers = [each.result() for each in waiting]
    assert all(answered for answered, _ in answers)


def test_who_comes_just_after_connections_went_to_slow_statements_waits_for_them(pool: Pool):
    held = [pool.getconn(), pool.getconn()]
    with ThreadPoolExecutor(3) as threads:
        slow = [threads.submit(ask, pool, 2.0) for _ in held]
        time.sleep(0.1)
        for connection in held:
            pool.putconn(connection)
        time.sleep(0.05)
        assert threads.submit(ask, pool).result()[0]
        assert all(each.result()[0] for each in slow)


def test_a_server_without_connections_left_is_not_away(pool: Pool, services: Path):
    """It says so: the pool goes on with those it has."""
    held = pool.getconn()
    with superuser(services) as connection:
        connection.execute(f"ALTER ROLE {held.info.user} CONNECTION LIMIT 0")
        try:
            with ThreadPoolExecutor(4) as threads:
                waiting = [threads.submit(ask, pool) for _ in range(4)]
                time.sleep(2 * PATIENCE_SECONDS)
                assert not any(each.done() for each in waiting)
                pool.putconn(held)
                assert all(each.result()[0] for each in waiting)
        finally:
            connection.execute(f"ALTER ROLE {held.info.user} CONNECTION LIMIT -1")


def test_who_waits_for_a_connection_that_nobody_gives_back_is_refused_in_the_end(pool: Pool):
    held = [pool.getconn(), pool.getconn()]
    answered, seconds = ask(pool)
    assert not answered
    assert 4.5 < seconds < 9
    for connection in held:
        pool.putconn(connection)
    assert ask(pool)[0]


def test_a_pool_whose_connections_are_all_stuck_finds_out_by_itself_that_the_server_is_back(
    pool: Pool, way: Path
):
    held = [pool.getconn(), pool.getconn()]
    kept = way.rename(way.with_name("kept"))
    time.sleep(0.5)
    assert max(seconds for _, seconds in at_once(pool, 16)) < ANSWER_SECONDS
    assert ask(pool)[1] < AT_ONCE
    kept.rename(way)
    pool.putconn(held.pop())
    assert ask(pool)[0]
    pool.putconn(held.pop())


def test_a_server_that_takes_connections_and_says_nothing_is_away(tmp_path: Path):
    """As a stopped one does, whose kernel goes on answering for it."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / ".s.PGSQL.5432"))
        silent.listen(100)
        kwargs = {"autocommit": True, "connect_timeout": 2}
        with Pool(
            conninfo=f"host={tmp_path} dbname=x", kwargs=kwargs, min_size=0, max_size=2, open=True
        ) as pool:
            for _ in range(2):
                answers = at_once(pool, 64)
                assert not any(answered for answered, _ in answers)
                assert max(seconds for _, seconds in answers) < ANSWER_SECONDS


def test_a_frozen_server_refuses_all_who_wait_within_two_seconds_and_serves_them_again(
    pool: Pool, services: Path
):
    """Those who came before it froze, too; not those whose statement it has taken."""
    with ThreadPoolExecutor(40) as threads:
        early = [threads.submit(ask, pool, 1.0) for _ in range(6)]
        time.sleep(0.5)
        with frozen(services):
            begun = time.monotonic()
            late = [threads.submit(ask, pool) for _ in range(32)]
            refused = [each.result(timeout=3)[0] for each in late]
            done = sum(each.done() for each in early)
            assert time.monotonic() - begun < ANSWER_SECONDS
            assert not any(refused)
            assert done == 4
            assert ask(pool)[1] < AT_ONCE
        thawed = time.monotonic()
        while not ask(pool)[0]:
            assert time.monotonic() - thawed < ANSWER_SECONDS
        assert sum(each.result()[0] for each in early) == 2


def test_whoever_comes_long_after_an_absence_is_served(pool: Pool, way: Path):
    """What was known of the server is forgotten when nobody asks any more."""
    kept = gone(pool, way)
    assert not ask(pool)[0]
    time.sleep(KNOWN_SECONDS + 2 * PATIENCE_SECONDS)
    kept.rename(way)
    assert ask(pool)[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("FATAL:  sorry, too many clients already", True),
        ("ВАЖНО:  извините, уже слишком много клиентов", True),
        ("FATAL:  the database system is starting up", False),
        ("FATAL:  the database system is not yet accepting connections", False),
        ("Connection refused", False),
        ("server closed the connection unexpectedly", False),
    ],
)
def test_a_refusal_by_the_server_is_told_from_nobody_being_there(words: str, expected: bool):
    place = 'connection to server at "::1", port 5432 failed: '
    assert is_answer(OperationalError(place + words)) is expected
