"""Whether a PostgreSQL server answers, asked by a new connection that is dropped again.

psycopg's own way to connect takes two seconds at least to give up, and tells the server's refusals from silence by their
text alone; so does this, as libpq keeps the code of such an error to itself.
"""

from __future__ import annotations

import re
import select
from collections.abc import Callable
from typing import Any, Final

from psycopg import OperationalError, pq
from psycopg.conninfo import make_conninfo

# How often whoever waits for an answer is asked whether it is still wanted.
SLICE_MS: Final = 50
# libpq puts two blanks between the severity, in the server's language, and the server's words; none of its own messages
# has them. A server that starts, stops or recovers (57P03) is there, and as good as away. In other languages than English
# that is not seen: then whoever waits does so for as long as the pool lets him.
SERVERS_WORDS: Final = re.compile(r"failed: [^\n:]+:  (?!the database system is )")
EVENTS: Final = {
    pq.PollingStatus.READING: select.POLLIN,
    pq.PollingStatus.WRITING: select.POLLOUT,
}


def address(conninfo: str, options: dict[str, Any]) -> str:
    """What libpq needs of psycopg's arguments to connect."""
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    return make_conninfo(conninfo, **{name: value for name, value in options.items() if name in known})


def is_answer(failure: OperationalError) -> bool:
    """Whether it is the server that refuses a connection: it has none left, or not for this user."""
    return SERVERS_WORDS.search(str(failure)) is not None


def answers(where: str, is_wanted: Callable[[], bool]) -> bool:
    """Whether the server answered before `is_wanted` said no; by a refusal, too.

    What has arrived counts, however late this thread comes to read it. Raises psycopg.OperationalError: nobody is there.
    """
    connection = pq.PGconn.connect_start(where.encode())
    try:
        while (state := pq.PollingStatus(connection.connect_poll())) in EVENTS:
            if not _is_ready(connection.socket, EVENTS[state], is_wanted):
                return False
        if state == pq.PollingStatus.OK:
            return True
        failure = OperationalError(connection.get_error_message())
    finally:
        connection.finish()
    if is_answer(failure):
        return True
    raise failure


def _is_ready(socket: int, event: int, is_wanted: Callable[[], bool]) -> bool:
    poll = select.poll()
    poll.register(socket, event)
    while not poll.poll(SLICE_MS):
        if not is_wanted():
            return False
    return True
