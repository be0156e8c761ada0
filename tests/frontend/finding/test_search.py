"""The search: what it finds for whom, and where pasted references lead."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Member
from access.table import Role
from artifacts.browsing import found
from artifacts.repositories import Target, describe
from database import sql
from tests import images
from tests.frontend.shelf import push, settled, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import SYSTEM, make_project, make_user, unique
from tests.registry_api.client import HOST, PASSWORD


@pytest.fixture
def place(ann: Visitor) -> Target:
    """A repository with a few tags in a private project of Ann's, under a name that is nowhere else."""
    project = make_project("found")
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    where = shelf(project, unique("needle"), images.image({"x": unique("x").encode()}), "1.10.0", "1.9.0")
    settled()
    return where


def digest_in(where: Target) -> str:
    raw = sql.value(
        "SELECT a.digest FROM artifact a JOIN repository r ON r.id = a.repository_id WHERE r.name = %s",
        [str(where.name)],
    )
    return f"sha256:{bytes(raw).hex()}"


def results(visitor: Visitor, query: str) -> Page:
    return Page(visitor.get(f"/search?{query}").text)


def test_what_one_may_see_is_found_by_a_part_of_its_name(ann: Visitor, place: Target) -> None:
    assert f"/r/{place.name}" in results(ann, f"q={place.name.path[2:]}").links
    assert f"/r/{place.name}/-/t/1.10.0" in results(ann, f"q={place.name.path}:1.1").links
    assert f"/p/{place.name.project}/" in results(ann, f"q={place.name.project[1:]}").links


def test_a_name_and_a_tag_are_two_words_as_well(ann: Visitor, place: Target) -> None:
    assert f"/r/{place.name}/-/t/1.10.0" in results(ann, f"q={place.name.path}+1.10").links
    both = f"{place.name.path[3:]}+{place.name.project[1:]}"
    assert f"/r/{place.name}" in results(ann, f"q={both}").links
    assert f"/r/{place.name}" not in results(ann, f"q={place.name.path}+{unique('other')}").links


def test_what_is_nearly_called_so_is_offered_where_nothing_was_found(ann: Visitor, place: Target) -> None:
    nearly = f"{place.name.path[:-1]}"[:3] + place.name.path[4:]
    page = results(ann, f"q={nearly}")
    assert "Did you mean" in page.text
    assert f"/r/{place.name}" in page.links


def test_tags_and_digests_of_all_repositories_are_found_by_their_beginning(
    ann: Visitor, place: Target
) -> None:
    digest, tag = digest_in(place), unique("t")
    push(place, images.image({"x": unique("y").encode()}), tag)
    settled()
    assert f"/r/{place.name}/-/t/{tag}" in results(ann, f"q={tag[:-2]}&type=tags").links
    for begun in (digest[:20], digest.removeprefix("sha256:")[:9]):
        assert any(digest in link for link in map(unquoted, results(ann, f"q={begun}&type=digests").links))


def unquoted(link: str) -> str:
    return link.replace("%3A", ":")


def test_an_image_is_found_by_the_digest_of_its_configuration(ann: Visitor, place: Target) -> None:
    config = images.image({"x": unique("c").encode()})
    digest = push(place, config, "configured")
    page = results(ann, f"q={config.config.digest[:25]}&type=digests")
    assert any(digest in unquoted(link) for link in page.links)
    assert "It is made of what has that digest" in page.text


@pytest.mark.parametrize("kind", ["nobody", "outsider"])
def test_what_is_hidden_is_not_found_by_anything(visitor: Visitor, kind: str) -> None:
    tag = unique("t")
    where = shelf(make_project("hidden"), unique("needle"), images.image({"x": tag.encode()}), tag)
    digest = digest_in(where)
    if kind == "outsider":
        visitor.sign_in(make_user("out", password=PASSWORD).username, PASSWORD)
    for query in (str(where.name), where.name.path, tag, f"{where.name}:{tag}", digest, where.name.project):
        assert "Nothing was found" in results(visitor, f"q={quote(query)}").text, query
        assert f"/r/{where.name}" not in visitor.get(f"/search/suggest?q={quote(query)}").text
        gone = visitor.get(f"/go?ref={quote(query)}")
        assert gone.headers["Location"].startswith("/search?q="), query


@pytest.mark.parametrize(
    "text",
    [
        "{host}/{name}:1.10.0",
        "docker pull {host}/{name}:1.10.0",
        "https://{host}/v2/{name}/manifests/1.10.0",
        "{name}:1.10.0",
    ],
)
def test_a_pasted_reference_leads_to_its_page(ann: Visitor, place: Target, text: str) -> None:
    pasted = quote(text.format(host=HOST, name=place.name))
    for path in (f"/go?ref={pasted}", f"/search?q={pasted}"):
        assert ann.get(path).headers["Location"] == f"/r/{place.name}/-/t/1.10.0"


def test_a_digest_leads_to_its_page_and_a_tag_that_is_not_there_to_its_own(
    ann: Visitor, place: Target
) -> None:
    digest = digest_in(place)
    for reference in (digest, digest.partition(":")[2][:12], f"{place.name}@{digest}"):
        assert digest in unquoted(ann.get(f"/go?ref={reference}").headers["Location"]), reference
    assert ann.get(f"/go?ref={place.name}:none").headers["Location"] == f"/r/{place.name}/-/t/none"
    assert ann.get(f"/search?q={place.name}:none").status_code == 200


def test_labels_lead_to_what_carries_them(ann: Visitor, place: Target) -> None:
    name = unique("label")
    project = sql.value("SELECT id FROM project WHERE name = %s", [place.name.project])
    label = sql.value(
        "INSERT INTO label (project_id, name, color) VALUES (%s, %s, '#FF0000') RETURNING id", [project, name]
    )
    sql.execute(
        "INSERT INTO artifact_label (artifact_id, label_id, created_at) "
        "SELECT a.id, %s, now() FROM artifact a WHERE a.project_id = %s LIMIT 1",
        [label, project],
    )
    assert f"/search?label={label}" in results(ann, f"q={name[:-3]}").links
    assert f"/r/{place.name}/-/t/1.9.0" in results(ann, f"label={label}").links
    ann.sign_out()
    assert ann.get(f"/search?label={label}").status_code == 404


def test_people_are_found_by_administrators_alone(ann: Visitor, application: Any) -> None:
    name = make_user("somebody").username
    root = Visitor(application)
    root.sign_in(make_user("root", password=PASSWORD, is_admin=True).username, PASSWORD)
    assert "1 result Users" in results(root, f"q={name[:-2]}").text
    assert "Nothing was found" in results(ann, f"q={name[:-2]}").text


def test_hostile_text_stays_text(ann: Visitor) -> None:
    for text in (
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "a\0b",
        "%",
        "\\",
        "{{7*7}}",
        "' OR 1=1",
    ):
        for path in ("/search?q=", "/search/suggest?q=", "/go?ref="):
            answer = ann.get(path + quote(text), follow_redirects=True)
            assert answer.status_code == 200, (path, text)
            assert "<script>alert" not in answer.text
            assert "<img src=x" not in answer.text
    assert ann.get("/search?q=app&type=nonsense&after=99999999999&label=x").status_code == 200


def test_what_takes_too_long_is_left_out_and_said(
    ann: Visitor, place: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found, "tags", lambda *_args, **_more: sql.rows("SELECT pg_sleep(2)"))
    page = results(ann, f"q={place.name.path}")
    assert "Not everything could be looked through in time." in page.text
    assert f"/r/{place.name}" in page.links


def test_a_digest_that_takes_too_long_leads_to_the_search(
    ann: Visitor, place: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found, "artifacts", lambda *_args, **_options: sql.value("SELECT pg_sleep(5)"))
    answer = ann.get(f"/go?ref={'a' * 64}")
    assert answer.headers["Location"].startswith("/search?")


def test_a_list_of_one_kind_is_walked_through(ann: Visitor) -> None:
    project, part = make_project("many"), unique("walk")
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    sql.execute(
        "INSERT INTO repository (project_id, name, visible_at) "
        "SELECT %s, %s || '/' || %s || '-' || n, now() FROM generate_series(1, 60) n",
        [project.pk, project.name, part],
    )
    first = results(ann, f"q={part}&type=repositories")
    following = [link for link in first.links if "after=" in link]
    seen = {
        link
        for page in (first, ann.page(following[0]))
        for link in page.links
        if part in link and "/r/" in link
    }
    assert len(seen) == 60


def test_a_search_costs_what_its_budget_says(ann: Visitor, place: Target) -> None:
    for path, most in ((f"/search?q={place.name.path}", 10), (f"/search/suggest?q={place.name.path}", 7)):
        ann.get(path)
        with CaptureQueriesContext(connection) as captured:
            answer = ann.get(path)
        asked = [each["sql"] for each in captured if 'FROM "setting"' not in each["sql"]]
        assert len(asked) <= most, asked
    assert len(answer.content) < 2048


def test_a_description_is_shown_as_words(ann: Visitor, place: Target) -> None:
    describe(SYSTEM, place, "# Needles\n\nSews **everything**, see [there](https://sew.example).")
    assert "Sews everything, see there." in results(ann, f"q={place.name.path}").text
