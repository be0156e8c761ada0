"""Finding a server of the directory that answers, and telling it who asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from accounts.ldap import limits, transport
from accounts.ldap.limits import Deadline
from accounts.ldap.session import Session
from accounts.ldap.settings import DirectorySettings
from core.errors import DirectoryUnavailable

log = structlog.get_logger(__name__)


@contextmanager
def opened(settings: DirectorySettings, seconds: float, client: str = "") -> Iterator[Session]:
    """A session with the first server that answers, all of it within `seconds`, waiting for a slot included.

    `client`: as of limits.Slots. Raises DirectoryUnavailable.
    """
    deadline = Deadline(seconds)
    with limits.slots.one(deadline, client):
        session = _first(settings, deadline)
        try:
            yield session
        finally:
            session.close()


def begin(url: str, settings: DirectorySettings, deadline: Deadline, connecting: Deadline) -> Session:
    """A session with the server at `url`, ready for questions when `connecting` ends. Raises DirectoryUnavailable."""
    session = Session(transport.connect(url, settings, connecting, deadline), url, settings, deadline)
    try:
        session.introduce(connecting)
    except DirectoryUnavailable:
        session.close()
        raise
    return session


def _first(settings: DirectorySettings, deadline: Deadline) -> Session:
    failure = DirectoryUnavailable("no directory is named", hint="set ldap_url and ldap_base_dn")
    for tried, url in enumerate(settings.urls):
        known = limits.circuits.refusal((url, settings))
        if known is not None:
            failure = known
            continue
        # One that does not answer leaves the others their share of the time.
        share = deadline.left() / (len(settings.urls) - tried)
        try:
            session = begin(url, settings, deadline, deadline.part(min(share, settings.connect_timeout)))
        except DirectoryUnavailable as error:
            log.warning("a server of the directory failed", url=url, reason=error.reason, hint=error.hint)
            limits.circuits.failed((url, settings), error)
            failure = error
        else:
            limits.circuits.answered((url, settings))
            return session
    raise failure
