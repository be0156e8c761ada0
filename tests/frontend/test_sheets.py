"""The sheet: what pages wear is in it, what it asks for is there, and of Tabler's no more than is worn."""

from __future__ import annotations

import re
from pathlib import Path

from frontend import assets, tabler

FRONTEND = Path(assets.__file__).parent
WORN = re.compile(r'class="([^"]*)"')
# Names in templates that are put together from a value, and what is only a handle for scripts and tests.
MADE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{[^{}]*\}")
SAMPLE = (
    '@charset "UTF-8";:root{--a:1px;--idle:url("data:image/svg+xml;x,(;)");--far:var(--a)}'
    ".btn,.card,.btn:not(.card,.x){top:var(--far)}@media print{.card{top:0}a:hover{top:0}}"
    "@keyframes spin{to{top:0}}.card .btn{top:1px}table{left:0}"
)
# Worn for tests and scripts to find something by, or as the plain one of several.
HANDLES = {"account", "filter"}


def sheet() -> str:
    return assets.assets()["wharf.css"].content.decode()


def worn() -> set[str]:
    """The classes of templates and components that are written out whole."""
    found: set[str] = set()
    for path in [*FRONTEND.rglob("*.html"), *FRONTEND.rglob("*.py")]:
        for names in WORN.findall(MADE.sub("\0", path.read_text(encoding="utf-8"))):
            found.update(name for name in names.split() if "\0" not in name)
    return found


def test_every_class_that_pages_wear_has_a_rule():
    ruled = set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", sheet()))
    scripts = "".join(path.read_text(encoding="utf-8") for path in FRONTEND.glob("static/frontend/js/*.js"))
    assert {name for name in worn() - ruled - HANDLES if name not in scripts} == set()


def test_every_property_that_is_asked_for_is_set_or_has_a_substitute():
    text = sheet()
    asked = set(re.findall(r"var\(\s*(--w-[\w-]+)\s*\)", text))
    assert asked - set(re.findall(r"(--[\w-]+)\s*:", text)) == set()
    assert len(asked) > 30


def test_of_the_sheet_of_others_only_what_is_worn_is_kept():
    theirs = assets._text("vendor/tabler.min.css")
    bare = re.sub(r":not\([^()]*\)|url\([^)]*\)", "", theirs)
    assert set(re.findall(r"\.([A-Za-z_][\w-]*)", bare)) <= tabler.CLASSES
    assert len(theirs) < 64 * 1024


def test_a_rule_stays_by_the_classes_it_names_and_a_property_while_it_is_asked_for():
    assert tabler.purged(SAMPLE) == (
        ":root{--a:1px;--far:var(--a)}.btn,.btn:not(.card,.x){top:var(--far)}@media print{a:hover{top:0}}table{left:0}"
    )
