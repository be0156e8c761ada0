"""The banner: on every page, for everybody, as text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.frontend.visitor import Page, Visitor

PATHS = ("/", "/auth/login", "/no-such-page")


def said(visitor: Visitor, path: str) -> bool:
    tags = Page(visitor.get(path).text).tags
    return ("p", {"class": "banner", "role": "status"}) in tags


def test_no_page_has_a_banner_unless_an_administrator_gave_one(visitor: Visitor):
    assert not any(said(visitor, path) for path in PATHS)


@pytest.mark.parametrize(
    "banner", ["Back at noon <b>&", '{"message": "Back at noon <b>&", "type": "warning"}']
)
def test_everybody_reads_the_banner_on_every_page(
    visitor: Visitor, setting: Callable[..., None], banner: str
):
    setting(banner_message=banner)
    for path in PATHS:
        answer = visitor.get(path)
        assert "Back at noon <b>&" in Page(answer.text).text, path
        assert "<b>" not in answer.text
        assert said(visitor, path)


@pytest.mark.parametrize("banner", ['{"message": 1}', "{not json", "two\nlines", "x" * 4097, "\x1b[31m"])
def test_a_banner_that_no_page_could_show_is_refused(setting: Callable[..., None], banner: str):
    from core.errors import SettingsInvalid

    with pytest.raises(SettingsInvalid, match="banner_message"):
        setting(banner_message=banner)


def test_read_only_mode_is_told_before_anybody_tries_to_change_something(
    visitor: Visitor, setting: Callable[..., None]
):
    setting(read_only=True, banner_message="Back at noon")
    for path in PATHS:
        text = Page(visitor.get(path).text).text
        assert "The registry is in read-only mode" in text, path
        assert "Back at noon" in text
