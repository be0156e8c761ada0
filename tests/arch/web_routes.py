"""Every route that is neither of the distribution API nor in the table of the REST API: who gets what, written by hand.

(route, method) -> the status for a browser in which nobody is signed in, and for one in which somebody is. A method that is
not listed is refused. A form that is sent without its token is refused whoever sends it; what becomes of one with its token
stands in the tests of the pages.
"""

from __future__ import annotations

from typing import Final

Cell = tuple[int, int]

FORM_WITHOUT_TOKEN: Final[Cell] = (403, 403)
OPEN: Final[Cell] = (200, 200)
NOT_HERE: Final[Cell] = (404, 404)
ELSEWHERE: Final[Cell] = (303, 303)


def read(route: str, cell: Cell) -> dict[tuple[str, str], Cell]:
    """GET and HEAD answer alike."""
    return {(route, "GET"): cell, (route, "HEAD"): cell}


def form(route: str, cell: Cell) -> dict[tuple[str, str], Cell]:
    return {**read(route, cell), (route, "POST"): FORM_WITHOUT_TOKEN}


PAGES: dict[tuple[str, str], Cell] = {
    **read("", OPEN),
    **read("favicon.ico", ELSEWHERE),
    **read("static/<str:name>", OPEN),
    **form("auth/login", (200, 303)),
    **form("auth/logout", (303, 200)),
    **form("auth/confirm", (303, 200)),
    # Nobody makes an account for himself unless the setting says so.
    **form("auth/register", NOT_HERE),
    # Nobody has come from a provider.
    **form("auth/onboard", (400, 400)),
    ("c/oidc/login", "GET"): NOT_HERE,
    ("c/oidc/callback", "GET"): (400, 400),
    **form("c/login", ELSEWHERE),
    **form("c/log_out", ELSEWHERE),
}
DOCUMENTS: dict[tuple[str, str], Cell] = {
    **read("api/version", OPEN),
    **read("api/openapi.yaml", OPEN),
    **read("api/docs", OPEN),
    **read("api/docs/<str:name>", OPEN),
}
# For machines: whatever the method. Everything else below /api is not there.
PROBES: dict[str, int] = {"/livez": 200, "/readyz": 200, "/metrics": 200}
NOTHING: Final = (r"\Aapi(/|\Z)", "")

# The token service, beside the distribution API: (the anonymous, who proves himself by Basic).
TOKENS: dict[tuple[str, str], Cell] = {
    ("service/token/?", "GET"): (401, 200),
    ("service/token/?", "HEAD"): (401, 200),
    # A form without a grant type.
    ("service/token/?", "POST"): (400, 400),
    (r"service/token/jwks\.json", "GET"): OPEN,
}
