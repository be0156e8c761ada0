"""Filters that people keep: theirs alone, opened where they were kept, and never a way out of here."""

from __future__ import annotations

from access.models import Member
from access.table import Role
from accounts.models import SavedFilter
from accounts.services import saved_filters
from tests.frontend.shelf import rows
from tests.frontend.visitor import Page, Visitor
from tests.people import make_project, make_user
from tests.registry_api.client import HOST

HOSTILE = "<b>mine</b>"


def post(visitor: Visitor, **sent: str) -> int:
    sent["csrfmiddlewaretoken"] = visitor.token
    return visitor.http.post("/filters", data=sent, headers={"Origin": f"http://{HOST}"}).status_code


def test_a_filter_is_kept_opened_and_deleted_from_the_list_it_is_for(ann: Visitor) -> None:
    project = make_project("kept")
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    path = f"/r/{rows(project, tags=3)}"
    to = next(link for link in ann.page(f"{path}?q=v0002&sort=size").links if link.startswith("/filters?"))
    answer = ann.send(to, {"name": HOSTILE}, form="/filters")
    assert answer.status_code == 303
    kept = SavedFilter.objects.get(user=ann.user)
    assert (kept.list, kept.name, kept.query) == ("tags", HOSTILE, "q=v0002&sort=size")
    page = ann.get(to)
    assert "<b>mine" not in page.text
    assert f"{path}?q=v0002&sort=size" in ann.page(to).links
    assert post(ann, list="tags", at=path, forget=str(kept.pk)) == 303
    assert not SavedFilter.objects.filter(user=ann.user).exists()


def test_the_list_has_a_menu_of_them_that_a_script_fills(ann: Visitor) -> None:
    SavedFilter.objects.create(user=ann.user, list="projects", name=HOSTILE, query="q=1&sort=-name")
    to = next(link for link in ann.page("/projects?q=x").links if link.startswith("/filters?"))
    menu = ann.get(to, headers={"HX-Request": "true"})
    assert "<html" not in menu.text
    assert "<b>mine" not in menu.text
    page = Page(menu.text)
    assert page.links == ["/projects?q=1&sort=-name", to, to]
    assert [each["hx-target"] for tag, each in page.tags if "hx-get" in each] == ["#list"]


def test_nobody_sees_or_deletes_those_of_others(ann: Visitor) -> None:
    bob = make_user("bob")
    theirs = SavedFilter.objects.create(user=bob, list="tags", name="bobs own", query="q=1")
    assert "bobs own" not in ann.page("/filters?list=tags&at=/projects").text
    assert post(ann, list="tags", at="/projects", forget=str(theirs.pk)) == 404
    assert SavedFilter.objects.filter(pk=theirs.pk).exists()


def test_what_is_no_name_and_one_too_many_are_refused(ann: Visitor) -> None:
    for name in ("", "  ", "x" * 81, "a\tb\0"):
        assert post(ann, list="tags", at="/projects", query="q=1", name=name) == 400
    SavedFilter.objects.bulk_create(
        SavedFilter(user=ann.user, list="tags", name=f"n{n}", query="q=1") for n in range(saved_filters.MOST)
    )
    assert post(ann, list="tags", at="/projects", query="q=1", name="more") == 409
    # In the place of one that has the name, it is none more.
    assert post(ann, list="tags", at="/projects", query="q=2", name="n1") == 303


def test_a_name_that_is_none_is_said_beside_its_field(ann: Visitor) -> None:
    sent = {
        "csrfmiddlewaretoken": ann.token,
        "list": "tags",
        "at": "/projects",
        "query": "q=1",
        "name": HOSTILE * 8,
    }
    answer = ann.http.post("/filters", data=sent, headers={"Origin": f"http://{HOST}"})
    page = Page(answer.text)
    field = next(each for tag, each in page.tags if each.get("id") == "name")
    assert (field["value"], field["aria-invalid"]) == (HOSTILE * 8, "true")
    assert "A filter is called by 1 to 80 characters" in answer.text


def test_no_kept_filter_leads_to_another_host(ann: Visitor) -> None:
    SavedFilter.objects.create(user=ann.user, list="tags", name="out", query="q=1")
    links = ann.page("/filters?list=tags&at=//evil.example/x&query=q").links
    assert "/?q=1" in links
    assert not [link for link in links if "evil" in link]


def test_the_rows_of_a_page_are_remembered_for_all_lists(ann: Visitor) -> None:
    project = make_project("rowed")
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    path = f"/r/{rows(project, tags=30)}"
    sent = {"csrfmiddlewaretoken": ann.token, "rows": "25", "next": path}
    assert (
        ann.http.post("/preferences/rows", data=sent, headers={"Origin": f"http://{HOST}"}).status_code == 303
    )
    assert "25 of 30" in ann.page(path).text
    assert "30 of 30" in ann.page(f"{path}?per=50").text
