"""Addresses with a slash too many or too few, or cut short: they lead to the page that was meant."""

from __future__ import annotations

import pytest

from tests.frontend.visitor import Visitor

MEANT = {
    "/projects/": "/projects",
    "/help/": "/help",
    "/me/": "/me/profile",
    "/me": "/me/profile",
    "/p": "/projects",
    "/r/": "/projects",
    "/p/team": "/p/team/",
    "/p/team/repos/?sort=-size": "/p/team/repos?sort=-size",
    "/r/team": "/p/team/",
    "/r/team/": "/p/team/",
    "/r/team/app/": "/r/team/app",
    "/r/team/app/-/timeline/?tag=1": "/r/team/app/-/timeline?tag=1",
}


@pytest.mark.parametrize("path", MEANT)
def test_the_page_that_was_meant_is_shown(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, MEANT[path])


@pytest.mark.parametrize(
    "path", ["/r/team/app", "/r/team/app/-/", "/p/team/", "/nowhere", "/nowhere/", "/api/nowhere/"]
)
def test_what_is_not_there_is_not_looked_for_in_circles(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers.get("Location")) == (404, None)


def test_a_form_is_never_sent_on(visitor: Visitor) -> None:
    assert visitor.http.post("/projects/", follow_redirects=False).status_code in (403, 404)
