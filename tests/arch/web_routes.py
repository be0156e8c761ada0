"""Every route that is neither of the distribution API nor in the table of the REST API: who gets what, written by hand.

(route, method) -> the status for a browser in which nobody is signed in, and for one in which somebody is. A method that is
not listed is refused. A form that is sent without its token is refused whoever sends it; what becomes of one with its token
stands in the tests of the pages.
"""

from __future__ import annotations

from typing import Final

# The third is for an administrator, where he gets something else.
Cell = tuple[int, ...]

FORM_WITHOUT_TOKEN: Final[Cell] = (403, 403)
OPEN: Final[Cell] = (200, 200)
NOT_HERE: Final[Cell] = (404, 404)
ELSEWHERE: Final[Cell] = (303, 303)
# To the page to sign in.
OWN: Final[Cell] = (303, 200)


def read(route: str, cell: Cell) -> dict[tuple[str, str], Cell]:
    """GET and HEAD answer alike."""
    return {(route, "GET"): cell, (route, "HEAD"): cell}


def form(route: str, cell: Cell) -> dict[tuple[str, str], Cell]:
    return {**read(route, cell), (route, "POST"): FORM_WITHOUT_TOKEN}


PAGES: dict[tuple[str, str], Cell] = {
    **read("", OPEN),
    **read("favicon.ico", ELSEWHERE),
    **read("static/<str:name>", OPEN),
    **form("preferences", OPEN),
    **read("preferences/menu", OPEN),
    ("preferences/language", "POST"): FORM_WITHOUT_TOKEN,
    ("preferences/theme", "POST"): FORM_WITHOUT_TOKEN,
    # Unless the environment says so.
    **read("help/ui", NOT_HERE),
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
PAGES |= {
    **read("projects", OPEN),
    # Administrators alone make projects.
    **read("projects/new", (403, 403, 200)),
    ("projects/new", "POST"): FORM_WITHOUT_TOKEN,
    **read("projects/new/name", (403, 403, 200)),
    **read("p/<str:project>/", OPEN),
    **read("p/<str:project>/repos", OPEN),
    **read("r/<path:repository>", OPEN),
    **read("r/<path:repository>/-/<path:rest>", NOT_HERE),
    # Of a public project: everybody may look, and nobody but its maintainers may delete.
    **read("r/<path:repository>/-/delete-tags", (403, 403, 200)),
    ("r/<path:repository>/-/delete-tags", "POST"): FORM_WITHOUT_TOKEN,
    **form("r/<path:repository>/-/label-tags", (403, 403, 200)),
    **form("r/<path:repository>/-/fix-tags", (403, 403, 200)),
    **read("r/<path:repository>/-/artifacts", OPEN),
    **read("r/<path:repository>/-/delete-artifacts", (403, 403, 200)),
    ("r/<path:repository>/-/delete-artifacts", "POST"): FORM_WITHOUT_TOKEN,
    **read("r/<path:repository>/-/timeline", OPEN),
    # For members: what everybody may know of a public project stands in its lists.
    **read("r/<path:repository>/-/usage", (403, 403, 200)),
    **form("r/<path:repository>/-/compare", OPEN),
    # Whoever may: without a tag and a digest there is nothing to set back.
    **read("r/<path:repository>/-/restore", (403, 403, 400)),
    ("r/<path:repository>/-/restore", "POST"): FORM_WITHOUT_TOKEN,
    **read("r/<path:repository>/-/uploads", (403, 403, 200)),
    **read("r/<path:repository>/-/about", OPEN),
    **read("r/<path:repository>/-/about/edit", (403, 403, 200)),
    ("r/<path:repository>/-/about/edit", "POST"): FORM_WITHOUT_TOKEN,
    **read("p/<str:project>/-/about/edit", (403, 403, 200)),
    ("p/<str:project>/-/about/edit", "POST"): FORM_WITHOUT_TOKEN,
}
# The number of a job that is not there: to who is signed in it does not exist, whoever he is.
NO_JOB: Final[Cell] = (303, 404)
PAGES |= {
    ("preferences/rows", "POST"): FORM_WITHOUT_TOKEN,
    ("projects/pin", "POST"): FORM_WITHOUT_TOKEN,
    # Of no list.
    **read("filters", (303, 400)),
    ("filters", "POST"): FORM_WITHOUT_TOKEN,
    **read("p/<str:project>/repos/delete", (403, 403, 200)),
    ("p/<str:project>/repos/delete", "POST"): FORM_WITHOUT_TOKEN,
    **read("jobs", (303, 200)),
    # Asked for by every page: nothing for who has no jobs.
    **read("jobs/running", OPEN),
    **read("jobs/<int:run>", NO_JOB),
    **read("jobs/<int:run>/log", NO_JOB),
    ("jobs/<int:run>/stop", "POST"): FORM_WITHOUT_TOKEN,
    ("jobs/<int:run>/retry", "POST"): FORM_WITHOUT_TOKEN,
    ("jobs/<int:run>/retry-failed", "POST"): FORM_WITHOUT_TOKEN,
}
PAGES |= {
    **read("search", OPEN),
    **read("search/suggest", OPEN),
    # Without a reference: on to the search.
    **read("go", ELSEWHERE),
    **read("help", OPEN),
    **read("help/pages", OPEN),
    # None of that name.
    **read("me/panels/<str:name>", (303, 404)),
}
PAGES |= {
    # One's own account: there is none of who is not signed in.
    **form("me/profile", OWN),
    **read("me/security", OWN),
    ("me/security/password", "POST"): FORM_WITHOUT_TOKEN,
    **form("me/security/cli-secret", OWN),
    ("me/security/sessions", "POST"): FORM_WITHOUT_TOKEN,
    **read("me/tokens", OWN),
    **form("me/tokens/new", OWN),
    **form("me/tokens/<int:token>/revoke", (303, 404)),
    **read("me/access", OWN),
}
# One artifact. What is done to it is done to what the request names: here nothing.
PAGES |= {
    **read("r/<path:repository>/-/t/<str:tag>", OPEN),
    **read("r/<path:repository>/-/m/<str:digest>", OPEN),
    **read("r/<path:repository>/-/m/<str:digest>/raw", OPEN),
    **form("r/<path:repository>/-/add-tag", (403, 403, 400)),
    **form("r/<path:repository>/-/labels", (403, 403, 400)),
    **form("r/<path:repository>/-/immutable", (403, 403, 400)),
    **form("r/<path:repository>/-/delete-artifact", (403, 403, 400)),
    # Whoever may pull may copy to where he may push.
    **form("r/<path:repository>/-/copy", (400, 400)),
    ("preferences/tool", "POST"): FORM_WITHOUT_TOKEN,
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
