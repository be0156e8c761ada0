"""Who calls, and what a cell of the matrix says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests import keys
from tests.registry_api.rest.api import World

READERS = ("limited_guest", "guest")
EDITORS = ("maintainer", "project_admin")
STRANGERS = ("outsider", "auditor")
KINDS = ("anonymous", *STRANGERS, *READERS, "developer", *EDITORS, "admin", *keys.KINDS)

EVERYBODY = set(KINDS)
SIGNED_IN = EVERYBODY - {"anonymous"}

# (route, method) -> who is let in, his status, everybody else's (the anonymous always get 401), the request's body.
# The body may be a function of the world.
# In place of everybody else's status: who knows of the thing and is told 403; all others get 404.
Cell = tuple[set[str], int, int | set[str], Any]
Rows = Mapping[tuple[str, str], Cell]

# What stands for a part of a route, made in the world when it is asked for.
Places = Mapping[str, Callable[[World], str]]

MANY = 30
# Makes rows for a list, of a route that shows none without them.
Filled = Mapping[str, Callable[[World], None]]

# What is asked beside the path, "?name=value".
Queries = Mapping[tuple[str, str], Callable[[World], str]]
