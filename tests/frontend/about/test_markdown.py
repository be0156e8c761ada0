"""What people write comes out as text, lists, tables and links, and never as anything that acts."""

from __future__ import annotations

import re
import time

import pytest

from frontend.components.markdown import beginning, markdown

pytestmark = pytest.mark.unit

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    '<a href="&#106;avascript:alert(1)">a</a>',
    '<a href="java\tscript:alert(1)">a</a>',
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "![a](javascript:alert(1))",
    "<svg><a xlink:href='javascript:alert(1)'><text>a</text></a></svg>",
    "<math><mtext></p><style><img src onerror=alert(1)></style></mtext></math>",
    "[a](https:auth/logout) [b](http:/auth/logout) <a href='https:a'>a</a>",
    "<iframe src=//evil.example></iframe><object data=x></object><embed src=x>",
    "<form action=//evil.example><input name=password><button>Sign in</button></form>",
    "<p style='position:fixed;inset:0' class=menu id=list onclick=alert(1) hx-get=/auth/logout data-close>a</p>",
    "<style>body{display:none}</style><link rel=stylesheet href=//evil.example><base href=//evil.example>",
    "<!--><img src=x onerror=alert(1)>-->",
    "```<script>\n</script>\n```",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
)
HARMLESS = re.compile(
    r"<(/?(?:p|b|li|ul|strong|em|div|s|br|hr|blockquote)|(?:pre|table) tabindex=\"0\"|/?(?:pre|code|table|h[3-6])"
    r"|a(?: href=\"(?:https?://|mailto:)[^\"<>]*\")?(?: title=\"[^\"<>]*\")? rel=\"noopener nofollow\"|/a)>"
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_acts_comes_through(text: str):
    made = str(markdown(text)).removeprefix('<div class="md prose" dir="auto">')
    assert "<" not in HARMLESS.sub("", made), made


def test_markdown_is_shown_as_what_it_means():
    made = markdown("# Run it\n\n```sh\ndocker run x\n```\n\n| a | b |\n|---|---|\n| 1 | ~~2~~ |\n\n- one")
    assert "<h3>Run it</h3>" in made
    assert '<pre tabindex="0"><code>docker run x\n</code></pre>' in made
    assert '<th scope="col">a</th>' in made
    assert "<s>2</s>" in made
    assert "<li>one</li>" in made


def test_headings_leave_no_level_out():
    assert re.findall(r"<h(\d)>", markdown("# a\n#### b\n###### c\n# d\n## e")) == ["3", "4", "5", "3", "4"]


def test_a_picture_from_elsewhere_is_a_link_to_it():
    made = markdown("![the build](https://ci.example/badge.svg)")
    assert '<a href="https://ci.example/badge.svg" rel="noopener nofollow">the build</a>' in made
    assert "<img" not in made


def test_a_relative_link_leads_nowhere():
    assert "href" not in markdown("[a](/auth/logout) [b](../x) [c](//evil.example) [d](#top)")


@pytest.mark.parametrize("unit", ["![[", "*a ", "[a](b", "> ", "<div>", "_*`", "| a "])
def test_a_text_that_is_made_to_be_slow_is_not(unit: str):
    begun = time.monotonic()
    markdown(unit * 70_000)
    assert time.monotonic() - begun < 5


def test_the_beginning_is_the_first_paragraph_in_plain_words():
    assert beginning("# Title\n\n![badge](https://x)\n\nThis *is* `it`,\n<b>all</b> of it.\n\nMore") == (
        "This is it, all of it."
    )
    assert beginning("word " * 100, 20) == "word word word word…"
    assert beginning("") == ""


@pytest.mark.parametrize("text", ["[" * 65_536, "![" * 32_768, "|-\n" * 20_000], ids=["[", "![", "|-"])
def test_what_would_take_seconds_to_read_is_shown_as_it_was_written(text: str):
    shown = markdown(text)
    assert shown.startswith('<div class="md prose" dir="auto"><pre tabindex="0"><code>')
    assert text[:100] in shown
