"""The page of a Helm chart: its metadata, its README and its values, and what is shown where there are none."""

from __future__ import annotations

import pytest

from access.models import Member
from access.table import Role
from tests.frontend.browser import wares
from tests.frontend.shelf import shelf
from tests.frontend.visitor import Visitor
from tests.images import image
from tests.people import make_project


@pytest.fixture
def place(ann: Visitor) -> str:
    project = make_project("charts")
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    return str(shelf(project, "platform", wares.chart("4.2.0"), "4.2.0").name)


def test_a_chart_shows_what_it_says_of_itself(ann: Visitor, place: str) -> None:
    page = ann.page(f"/r/{place}/-/t/4.2.0")
    for words in (
        "Helm chart",
        "Version 4.2.0",
        "1.11.0",
        "Platform engineering",
        "postgresql",
        "README",
        "Values",
    ):
        assert words in page.text, words
    readme = ann.get(f"/r/{place}/-/t/4.2.0?tab=readme").text
    assert "<h3>platform</h3>" in readme
    assert "The application platform." in readme
    assert "replicas: 3" in ann.page(f"/r/{place}/-/t/4.2.0?tab=values").text


def test_an_image_has_no_such_tabs(ann: Visitor, place: str) -> None:
    project = make_project("plain", public=True)
    where = shelf(project, "app", image(), "1")
    page = ann.page(f"/r/{where.name}/-/t/1?tab=values")
    assert not [link for link in page.links if "tab=values" in link or "tab=readme" in link]
    assert "Configuration" in page.text


def test_a_chart_without_a_readme_says_so(ann: Visitor, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr("core.oci.chart.MOST_PACKED", 10)
    page = ann.page(f"/r/{place}/-/t/4.2.0?tab=readme")
    assert "No README to be shown" in page.text
