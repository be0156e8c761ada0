"""The lists of the REST API that are measured: the first page of a hundred, and who asks for it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench.api_rows import PROJECT, REPOSITORY
from tests.bench.generators import generate
from tests.bench.player import Load, play
from tests.bench.workload import Caller, Repeat
from tests.e2e.clients import Login

ADMIN: Final = Login("bench-admin", "correct horse battery staple")
READER: Final = Login("bench-reader", "correct horse battery staple")
CONNECTIONS: Final = 16
PAGE: Final = "page_size=100"
WARM_UP_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class List:
    """`path` below /api/v2.0. `who` reads it: an administrator, or somebody who is a member of some projects.

    `sums`: a table of one short row for each project, which its total is the sum of.
    """

    title: str
    path: str
    who: Login
    sums: str = ""


PING: Final = List("ping", "ping", ADMIN)


def _both(title: str, path: str, sums: str = "") -> Sequence[List]:
    return List(f"{title}, administrator", path, ADMIN, sums), List(f"{title}, member", path, READER, sums)


LISTS: Final[Sequence[List]] = (
    *_both("projects", f"projects?{PAGE}"),
    *_both("projects, the newest first", f"projects?sort=-creation_time&{PAGE}"),
    *_both("repositories of all projects", f"repositories?{PAGE}", sums="project_contents"),
    *_both("repositories of a project", f"projects/{PROJECT}/repositories?{PAGE}"),
    *_both(
        "artifacts with tags",
        f"projects/{PROJECT}/repositories/{REPOSITORY}/artifacts?with_tag=true&{PAGE}",
    ),
    *_both("artifacts of a project with tags", f"projects/{PROJECT}/artifacts?with_tag=true&{PAGE}"),
    *_both("the audit log", f"auditlog-exts?{PAGE}"),
    *_both("the log of a project", f"projects/{PROJECT}/auditlog-exts?{PAGE}"),
)


def basic(who: Login) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{who.username}:{who.password}".encode()).decode()


def load(asked: List, port: int, *, seconds: int) -> Load:
    return generate(_repeated(asked, port), port, connections=CONNECTIONS, seconds=seconds)


def warm_up(asked: List, port: int) -> None:
    """Code, connections and plans are there."""
    play(_repeated(asked, port), port, connections=CONNECTIONS, seconds=WARM_UP_SECONDS)


def _repeated(asked: List, port: int) -> Repeat:
    caller = Caller(f"127.0.0.1:{port}", {"Authorization": basic(asked.who)})
    return Repeat(caller, "GET", f"/api/v2.0/{asked.path}")
