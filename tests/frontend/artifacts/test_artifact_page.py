"""The page of an artifact: what it shows of an image, an index and other things, for whom, and what it costs."""

from __future__ import annotations

import gzip
from typing import Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Member
from access.table import Role
from artifacts import tags as services
from artifacts.places import target
from core.oci.reference import Tag
from projects.models import Project
from tests import images
from tests.frontend.shelf import push, settled, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import SYSTEM, make_project, unique

TABS: Final = ("overview", "layers", "referrers", "manifest", "history")
# One of each is for the session; the tab -> statements of an index, whose parts are one more.
BUDGET: Final = {"overview": 8, "layers": 8, "referrers": 7, "manifest": 7, "history": 7}
KILOBYTES: Final = 20


@pytest.fixture
def project(ann: Visitor) -> Project:
    """One where Ann is a maintainer."""
    made = make_project("sheets")
    Member.objects.create(project=made, user=ann.user, role_id=Role.MAINTAINER)
    return made


@pytest.fixture
def place(project: Project) -> str:
    """A repository with an index "1.0", which is "latest" too, and an image "2.0"."""
    where = shelf(project, "app", images.two_platforms(unique("a")), "1.0", "latest")
    push(where, images.image({"x": unique("b").encode()}), "2.0")
    settled()
    return str(where.name)


def hrefs(page: Page, words: str) -> list[str]:
    return [link for link in page.links if words in link]


def test_an_index_is_shown_by_platform(ann: Visitor, place: str) -> None:
    page = ann.page(f"/r/{place}/-/t/1.0")
    assert "Image index" in page.text
    assert "latest" in page.text
    (other,) = [link for link in hrefs(page, "platform=linux/arm64") if "tab=" not in link][:1]
    shown = ann.page(other)
    assert "Configuration linux/arm64" in shown.text
    assert f"docker pull --platform linux/arm64 {ann.http.base_url.netloc.decode()}/{place}:1.0" in shown.text
    assert "platform=linux/arm64" in hrefs(shown, "tab=layers")[0]


def test_a_digest_has_its_page_and_says_which_index_it_is_part_of(ann: Visitor, place: str) -> None:
    page = ann.page(f"/r/{place}/-/t/1.0")
    parts = {link for link in hrefs(page, "/-/m/sha256:") if "?" not in link}
    assert len(parts) == 3
    told = [ann.page(link).text for link in parts]
    assert sum("Part of the index" in text for text in told) == 2


def test_layers_say_what_made_them_and_who_else_has_them(ann: Visitor, project: Project, place: str) -> None:
    alone = ann.page(f"/r/{place}/-/t/2.0?tab=layers").text
    assert "COPY layer-0 /" in alone
    assert "only here" in alone
    image = images.image({"y": unique("c").encode()})
    shelf(project, "twin", image, "1")
    shelf(make_project("hidden"), "app", image, "1")
    where = shelf(project, "third", image, "1")
    shared = ann.page(f"/r/{where.name}/-/t/1?tab=layers").text
    assert "1 repository" in shared
    assert "2 repositories" not in shared


def test_the_dockerfile_is_put_together_from_the_history(ann: Visitor, place: str) -> None:
    page = ann.page(f"/r/{place}/-/t/2.0?tab=layers&view=dockerfile")
    assert "COPY layer-0 /" in page.text
    assert "Put together from the history" in page.text


def test_the_manifest_is_shown_indented_and_given_byte_for_byte(ann: Visitor, project: Project) -> None:
    image = images.image({"x": unique("m").encode()})
    where = shelf(project, "bytes", image, "1")
    page = ann.page(f"/r/{where.name}/-/t/1?tab=manifest")
    assert '2 "config" :' in page.text
    (download,) = hrefs(page, "/raw")
    answer = ann.get(download)
    assert answer.content == image.manifest.data
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert ann.get(f"{download}?document=config").content == image.config.data


def test_what_speaks_of_it_stands_below_it_with_what_speaks_of_that(ann: Visitor, project: Project) -> None:
    image = images.image({"x": unique("s").encode()})
    where = shelf(project, "signed", image, "1")
    bill = images.artifact(b"parts", artifact_type="application/spdx+json", subject=image.manifest)
    seal = images.artifact(
        b"seal", artifact_type="application/vnd.dev.cosign.artifact.sig.v1+json", subject=bill.manifest
    )
    push(where, bill)
    push(where, seal)
    text = ann.page(f"/r/{where.name}/-/t/1?tab=referrers").text
    assert text.index("Software bill of materials") < text.index("Signature (cosign)")
    assert (
        f"cosign verify --key cosign.pub {ann.http.base_url.netloc.decode()}/{where.name}@{image.digest}"
        in text
    )
    assert "oras discover" in text


def test_the_history_names_every_tag_that_ever_pointed_there(ann: Visitor, place: str) -> None:
    old = ann.page(f"/r/{place}/-/t/2.0")
    (pinned,) = {link for link in hrefs(old, "/-/m/") if "?" not in link and "raw" not in link}
    push(target(place), images.image({"x": unique("n").encode()}), "2.0")
    text = ann.page(f"{pinned}?tab=history").text
    assert "2.0 moved on to" in text
    assert "2.0 was created here" in text


def test_a_deleted_tag_says_what_it_was(ann: Visitor, place: str) -> None:
    services.delete(SYSTEM, target(place), Tag.parse("2.0"))
    answer = ann.get(f"/r/{place}/-/t/2.0")
    assert answer.status_code == 410
    page = Page(answer.text)
    assert "The artifact is still there" in page.text
    assert "Restore the tag 2.0" in ann.page(hrefs(page, "/-/restore")[0]).text
    assert ann.get(f"/r/{place}/-/t/never").status_code == 404


def test_who_may_see_it(ann: Visitor, place: str, project: Project) -> None:
    paths = (f"/r/{place}/-/t/1.0", f"/r/{place}/-/t/1.0?tab=layers")
    Member.objects.filter(user=ann.user).update(role_id=Role.LIMITED_GUEST)
    guest = ann.page(paths[0])
    assert "Deleting needs the role Maintainer." in guest.text
    assert not [link for link in guest.links if "delete" in link or "add-tag" in link]
    Member.objects.filter(user=ann.user).delete()
    assert [ann.get(path).status_code for path in paths] == [404, 404]
    project.public = True
    project.save()
    ann.sign_out()
    assert "docker login" not in ann.page(paths[0]).text


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_costs_what_its_budget_says(ann: Visitor, place: str, tab: str) -> None:
    address = f"/r/{place}/-/t/1.0?tab={tab}"
    ann.get(address)
    with CaptureQueriesContext(connection) as captured:
        answer = ann.get(address)
    asked = [query["sql"] for query in captured if 'FROM "setting"' not in query["sql"]]
    assert len(asked) == BUDGET[tab], asked
    assert len(gzip.compress(answer.content, 6)) < KILOBYTES * 1024
