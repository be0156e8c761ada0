"""The part of Tabler's sheet that our pages wear: of its 635 kB they need the reset, buttons and fields.

A rule stays whose selector names no class but these; a custom property stays that something still asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

# Add a class here to wear it; what is not here has no rule.
CLASSES: Final = frozenset(
    {
        "btn",
        "btn-danger",
        "btn-icon",
        "btn-primary",
        "btn-sm",
        "form-check",
        "form-check-input",
        "form-control",
        "form-select",
        "visually-hidden",
        "visually-hidden-focusable",
    }
)
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_NOT = re.compile(r":not\([^()]*\)")
_USED = re.compile(r"var\(\s*(--[\w-]+)")
# A property and its value, which may hold what ends others inside quotes or brackets.
_QUOTED = r""""[^"]*"|'[^']*'"""
_BRACKETS = rf"\((?:{_QUOTED}|[^()\"']|\((?:[^()]|\([^()]*\))*\))*\)"
_PROPERTY = re.compile(rf"(--[\w-]+):(?:{_QUOTED}|{_BRACKETS}|[^;{{}}\"'()])*;?")
_COMMA = re.compile(r",(?![^(]*\))")


def purged(sheet: str) -> str:
    """The minified sheet with what our pages wear."""
    kept = _kept(sheet)
    while (less := _without_idle(kept)) != kept:
        kept = less
    return _kept(kept)


def _kept(sheet: str) -> str:
    return "".join(rule for prelude, body in _rules(sheet) if (rule := _rule(prelude, body)))


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Each rule's prelude and what its braces hold; statements without braces are left out."""
    start = 0
    while (opening := sheet.find("{", start)) >= 0:
        end, depth = opening, 0
        while True:
            depth += {"{": 1, "}": -1}.get(sheet[end], 0)
            end += 1
            if depth == 0:
                break
        prelude = re.sub(r"/\*.*?\*/", "", sheet[start:opening], flags=re.DOTALL).rpartition(";")[2].strip()
        yield prelude, sheet[opening + 1 : end - 1]
        start = end


def _rule(prelude: str, body: str) -> str:
    if prelude.startswith("@media"):
        inside = _kept(body)
        return f"{prelude}{{{inside}}}" if inside else ""
    if prelude.startswith("@") or not body:
        return ""
    worn = [each for each in _COMMA.split(prelude) if _is_worn(each)]
    return f"{','.join(worn)}{{{body}}}" if worn else ""


def _is_worn(selector: str) -> bool:
    return CLASSES.issuperset(_CLASS.findall(_NOT.sub("", selector)))


def _without_idle(sheet: str) -> str:
    """Without the properties nobody asks for: neither this sheet nor, by their names in tokens.css, ours."""
    used = set(_USED.findall(sheet))
    return _PROPERTY.sub(lambda found: found[0] if found[1] in used else "", sheet)
