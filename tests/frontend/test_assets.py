"""What a first visit costs, and that a page names all it loads."""

from __future__ import annotations

import gzip
import re

import pytest

from frontend import assets, icons
from frontend.assets import AssetsMissing
from tests.frontend.visitor import Page, Visitor
from wharf import environment, preflight
from wharf.environment import Role
from wharf.preflight import StartRefused

MAX_FIRST_VISIT = 110 * 1024
MAX_REQUESTS = 8
MAX_OWN_SCRIPT = 12 * 1024
MAX_THEME_SCRIPT = 1024
PACKED = {"Accept-Encoding": "gzip"}


def loaded(text: str) -> set[str]:
    """What a browser asks for with a page: its sheets, scripts, pictures, and the sprite."""
    found = {each["href"] for tag, each in Page(text).tags if tag in ("link", "use")}
    found |= {each["src"] for tag, each in Page(text).tags if "src" in each}
    return {path.partition("#")[0] for path in found}


@pytest.mark.parametrize("path", ["/", "/auth/login"])
def test_a_first_visit_is_small(visitor: Visitor, path: str):
    page = visitor.get(path, headers=PACKED)
    files = loaded(page.text)
    sizes = [len(made.packed) for each in files if (made := assets.by_name(each.rpartition("/")[2]))]
    assert len(sizes) == len(files)
    whole = len(gzip.compress(page.content)) + sum(sizes)
    assert whole <= MAX_FIRST_VISIT, (whole, dict(zip(files, sizes, strict=True)))
    assert 1 + len(files) <= MAX_REQUESTS


def test_our_own_scripts_are_small():
    assert len(assets.assets()["wharf.js"].packed) <= MAX_OWN_SCRIPT
    assert len(assets.assets()["theme.js"].packed) <= MAX_THEME_SCRIPT


def test_every_file_is_packed_once_for_who_unpacks(visitor: Visitor):
    for asset in assets.assets().values():
        packed = visitor.get(f"/static/{asset.name}", headers=PACKED)
        plain = visitor.get(f"/static/{asset.name}", headers={"Accept-Encoding": "identity"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert packed.content == plain.content == asset.content


def test_nothing_that_is_loaded_names_another_host():
    for asset in assets.assets().values():
        text = asset.content.decode().replace("http://www.w3.org/", "")
        assert not re.search(r"(?:url\(|src=|import |fetch\()[\"']?https?:", text), asset.name
        assert "sourceMappingURL" not in text


def test_every_icon_has_its_picture_in_the_sprite():
    sprite = assets.assets()["icons.svg"].content.decode()
    assert set(re.findall(r'<symbol id="([^"]+)"', sprite)) == icons.NAMES | {icons.MARK}


def test_the_night_is_the_same_chosen_and_by_the_system():
    sheet = assets.assets()["wharf.css"].content.decode()
    chosen = sheet.partition('[data-bs-theme="dark"] {')[2].partition("}")[0]
    by_system = sheet.partition('[data-bs-theme="auto"] {\n  color-scheme: dark')[2].partition("}")[0]
    assert chosen.strip() == f"color-scheme: dark{by_system}".strip()


def test_who_lacks_them_is_told_which_command_makes_them(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(AssetsMissing, match="bin/up"):
        assets._text("vendor/no-such-file.css")


def test_nothing_that_serves_pages_starts_without_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(assets.PARTS, "none.css", ("vendor/no-such-file.css",))
    pages = environment.load().model_copy(update={"role": Role.WEB})
    with pytest.raises(StartRefused, match=r"no-such-file\.css is not there.*bin/up"):
        preflight.pages(pages)
    preflight.pages(pages.model_copy(update={"role": Role.REGISTRY}))
