"""Markdown that people wrote, as HTML: what is listed here comes through, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, Final

import nh3
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

MOST: Final = 64 * 1024
"""Characters that are read of a text; it is written with at most so many (registry_api.rest.repositories)."""

MOST_PARTS: Final = 5_000
"""Lines, or brackets that may begin a link: a text with more takes a second to read, and is shown as it was written."""
# The first paragraph stands at the beginning, or nowhere.
LOOKED_AT: Final = 4096
# No img: a picture from elsewhere would tell its host who reads this. No name, id, class or style: they are the page's.
TAGS: Final = frozenset({
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h3", "h4", "h5", "h6", "hr",
    "i", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp", "span", "strong", "sub", "summary", "sup", "table", "tbody",
    "td", "th", "thead", "tr", "u", "ul",
})  # fmt: skip
ATTRIBUTES: Final[dict[str, set[str]]] = {"a": {"href", "title"}, "ol": {"start"}, "th": {"scope"}}
SCHEMES: Final = frozenset({"http", "https", "mailto"})
# What scrolls is reached by keyboard.
FOCUSED: Final = {"pre": {"tabindex": "0"}, "table": {"tabindex": "0"}}
# Above a text stand the title of the page and that of its section.
ABOVE: Final = 2
DEEPEST: Final = 6


class _Renderer(RendererHTML):
    """Pictures become links, and headings stand below those of the page without leaving a level out."""

    def image(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[at]
        address = str(token.attrGet("src") or "")
        words = self.renderInlineAsText(token.children, options, env) or address
        return f'<a href="{escape(address)}">{escape(words)}</a>'

    def heading_open(self, tokens: Sequence[Token], at: int, _options: OptionsDict, env: Any) -> str:
        wanted = min(int(tokens[at].tag[1:]) + ABOVE, DEEPEST)
        level = min(wanted, env.get("level", ABOVE) + 1)
        env["level"] = level
        return f"<h{level}>"

    def heading_close(self, _tokens: Sequence[Token], _at: int, _options: OptionsDict, env: Any) -> str:
        return f"</h{env['level']}>\n"

    def th_open(self, _tokens: Sequence[Token], _at: int, _options: OptionsDict, _env: Any) -> str:
        return '<th scope="col">'


def markdown(text: str) -> SafeString:
    """The text as a part of a page, "" for none. HTML in it is cleaned as what Markdown makes."""
    if not text.strip():
        return SafeString("")
    return format_html('<div class="md prose" dir="auto">{}</div>', _made(text[:MOST]))


def beginning(text: str, most: int = 240) -> str:
    """The words of its first paragraph, as one line of plain text with at most so many characters."""
    tokens = _reader().parse(text[:LOOKED_AT])
    for before, token in pairwise(tokens):
        if before.type == "paragraph_open" and (words := _plain(token)):
            return words if len(words) <= most else words[: most - 1].rstrip() + "…"
    return ""


@lru_cache(maxsize=64)
def _made(text: str) -> SafeString:
    if max(text.count("["), text.count("\n")) > MOST_PARTS:
        return format_html('<pre tabindex="0"><code>{}</code></pre>', text)
    clean = nh3.clean(
        _reader().render(text, {}),
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes=set(SCHEMES),
        link_rel="noopener nofollow",
        set_tag_attribute_values=FOCUSED,
    )
    return mark_safe(clean)  # noqa: S308 - cleaned in the line above


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable(["table", "strikethrough"])


def _kept(_tag: str, name: str, value: str) -> str | None:
    """A README is at home nowhere: what a relative address in it meant, nobody knows."""
    if name != "href":
        return value
    scheme, colon, rest = value.partition(":")
    # Without the slashes a browser takes it for a path on a host of the same scheme: ours.
    is_whole = rest.startswith("//") or scheme.lower() == "mailto"
    return value if colon and rest and is_whole and scheme.lower() in SCHEMES else None


def _plain(inline: Token) -> str:
    shown = [
        each.content if each.type in ("text", "code_inline") else " "
        for each in inline.children or ()
        if each.type in ("text", "code_inline", "softbreak", "hardbreak")
    ]
    return " ".join("".join(shown).split())
