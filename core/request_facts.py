"""Facts about one request that its layers note in the WSGI environ, for the metrics and the request log at the very end.

Lower layers know them first (who called, how many bytes came, who answered), the server hook that reports them is the topmost
one: the environ is what they share. Plain keys, because this runs on every request.
"""

from __future__ import annotations

from typing import Any, Final

Environ = dict[str, Any]

ACTOR: Final = "wharf.actor"
ROUTE: Final = "wharf.route"
RECEIVED: Final = "wharf.received"
LANE: Final = "wharf.lane_outcome"


def note_actor(environ: Environ, name: str) -> None:
    """Who called, once that is proven: never a name that somebody merely claimed."""
    environ[ACTOR] = name


def note_route(environ: Environ, name: str) -> None:
    """The name of the route that answered; one of a fixed set, as it becomes a label of metrics."""
    environ[ROUTE] = name


def note_received(environ: Environ, count: int) -> None:
    """`count` more bytes of the body have been read."""
    environ[RECEIVED] = environ.get(RECEIVED, 0) + count


def note_lane_hit(environ: Environ) -> None:
    """The read lane answered."""
    environ[LANE] = "hit"


def note_lane_miss(environ: Environ) -> None:
    """The read lane knew the caller and the kind of request, but asked the view."""
    environ[LANE] = "miss"
