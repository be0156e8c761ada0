"""Where `next` may lead: to pages of ours. Corpus: OWASP's cheat sheet, PortSwigger's lists, what browsers follow."""

from __future__ import annotations

import pytest

from frontend import destinations

FOREIGN = [
    "", "evil.example", "http://evil.example", "https://evil.example/", "//evil.example", "///evil.example", "////evil.example",
    "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\\/evil.example", "/\t/evil.example", "/\n/evil.example",
    "/\r\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example\\", "http:evil.example", "http:/evil.example",
    "http:///evil.example", "https:\\\\evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "/\x00/evil.example",
    "\x00//evil.example", "data:text/html,x", "//evil.example/%2f..", "//testserver@evil.example", "http://testserver",
    "http://testserver@evil.example/", "//[::1", "http://[", "/\u2028/evil.example", "/\u00a0/x\u202e", "//\u3002evil.example",
    "/" + "x" * 3000, "next", "./x", "../x", "?x", "#x", "/p\r\nSet-Cookie: a=b", "/\x7f", "/\ud800",
]  # fmt: skip
OURS = [
    "/", "/projects", "/p/team?tab=members&q=a%20b#top", "/r/team/app/-/tags", "/search?q=http://elsewhere.example",
    "/p/ä", "/%2f%2fevil.example", "/auth/confirm?next=/p/team", "/@evil.example", "/:80", "/a//b",
]  # fmt: skip


@pytest.mark.parametrize("text", FOREIGN)
def test_what_may_lead_elsewhere_leads_to_the_front_page(text: str):
    assert destinations.own(text) == "/"


@pytest.mark.parametrize("text", OURS)
def test_pages_of_ours_are_followed(text: str):
    assert destinations.own(text) == text
