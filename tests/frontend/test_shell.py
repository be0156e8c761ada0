"""What stands around a page: lines for pages that are there and that one may open, and one way to say that something failed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from access.principal import Principal
from core import errors as e
from frontend import shell
from frontend.shell import Place, ProjectPlace
from frontend.views import home
from tests.frontend.visitor import Page, Visitor
from tests.people import ANONYMOUS, SYSTEM


def lines(actor: Principal, at: Place) -> list[str]:
    return [str(entry.label) for group in shell.shell(actor, at).groups for entry in group.entries]


def test_a_line_whose_page_is_not_there_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shell, "BROWSE", (*shell.BROWSE, ("no_such_route", "Nowhere", "home", shell.anybody)))
    assert "Home" in lines(ANONYMOUS, Place())
    assert "Nowhere" not in lines(SYSTEM, Place())


def test_administration_is_for_administrators(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shell, "ADMINISTRATION", (("home", "Users", "user", shell.administrators),))
    assert "Users" in lines(SYSTEM, Place())
    assert "Users" not in lines(replace(SYSTEM, is_admin=False), Place())
    assert "Users" not in lines(ANONYMOUS, Place())


def test_of_a_project_stand_the_sections_that_its_visitor_may_open(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shell, "_address", lambda name, project="": f"/{project}/{name}")
    place = ProjectPlace("team", frozenset({"project", "project_members"}), {"project_members": 24})
    group = next(each for each in shell.shell(ANONYMOUS, Place("project_members", place)).groups if each.name)
    assert [(str(each.label), each.is_current, each.count) for each in group.entries] == [
        ("Overview", False, None),
        ("Members", True, 24),
    ]


def test_the_present_page_is_marked_once(visitor: Visitor):
    current = [found["href"] for _, found in visitor.page("/").tags if found.get("aria-current") == "page"]
    assert current == ["/"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (e.ProjectUnknown("there is no project 'x'"), 404),
        (e.Denied("this needs a maintainer"), 403),
        (e.Conflict("somebody changed it meanwhile"), 409),
        (e.InvalidInput("that is no name"), 400),
    ],
)
def test_a_refusal_is_a_page_or_for_a_part_of_one_a_line(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
):
    def refuse(*_arguments: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr(home, "page", refuse)
    whole = visitor.get("/")
    assert whole.status_code == status
    assert "<h1" in whole.text
    part = visitor.get("/", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert part.text == f"{str(error)[0].upper()}{str(error)[1:]}.\n"


def test_who_has_to_sign_in_is_sent_there_whole_from_a_part_of_a_page(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_arguments: object, **_named: object) -> None:
        raise e.Unauthenticated("sign in first")

    monkeypatch.setattr(home, "page", refuse)
    asked = {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1:5000/p/team/repos?q=a"}
    answer = visitor.get("/", headers=asked)
    assert answer.headers["HX-Redirect"] == "/auth/login?next=%2Fp%2Fteam%2Frepos%3Fq%3Da"


def test_what_nobody_foresaw_is_a_page_with_the_number_of_the_request(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    def break_(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(home, "page", break_)
    visitor.http._transport.raise_app_exceptions = False  # type: ignore[attr-defined]
    answer = visitor.get("/", headers={"Accept-Language": "zh-CN"})
    page = Page(answer.text)
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert answer.headers["X-Request-Id"] in page.text
    assert "这是我们的错误" in page.text
