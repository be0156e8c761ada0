"""What a page says of the REST API is true: the call is described there, and does for its reader what the page does."""

from __future__ import annotations

import shlex
from base64 import b64encode
from typing import Any, Final

import httpx2
import pytest
import yaml

from access.models import Member
from access.table import Role
from frontend import api_calls, page_topics
from frontend.urls import urlpatterns
from registry_api.rest import explorer
from tests import images
from tests.frontend.jobs.test_jobs import made
from tests.frontend.shelf import push, settled, shelf
from tests.frontend.visitor import Visitor
from tests.people import make_project, unique
from tests.registry_api.client import HOST, PASSWORD

DOCUMENT: Final[dict[str, Any]] = yaml.safe_load(explorer.DOCUMENT.read_bytes())
# What stands for the reader's own choice in a command that sends something.
CHOSEN: Final = {
    "NAME": "chosen",
    "TEXT": "chosen",
    "TAG": "chosen",
    "PROJECT": "{project}",
    "REPOSITORY": "copied",
}
IMAGE: Final = "/r/{repository}/-"
# The name of a route -> its page. The last ones take away what the others show.
PAGES: Final = {
    "home": "/",
    "search": "/search?q=a b%26c",
    "projects": "/projects",
    "project": "/p/{project}/",
    "project_repos": "/p/{project}/repos",
    "repository": "/r/{repository}",
    "repository_artifacts": f"{IMAGE}/artifacts",
    "repository_about": f"{IMAGE}/about",
    "repository_about_edit": f"{IMAGE}/about/edit",
    "tag": f"{IMAGE}/t/1.0",
    "tag layers": f"{IMAGE}/t/1.0?tab=layers",
    "tag referrers": f"{IMAGE}/t/1.0?tab=referrers",
    "manifest": f"{IMAGE}/m/{{digest}}",
    "manifest layers": f"{IMAGE}/m/{{digest}}?tab=layers",
    "manifest referrers": f"{IMAGE}/m/{{digest}}?tab=referrers",
    "artifact_add_tag": f"{IMAGE}/add-tag?digest={{digest}}",
    "artifact_copy": f"{IMAGE}/copy?reference={{digest}}",
    "me_profile": "/me/profile",
    "me_security": "/me/security",
    "me_tokens": "/me/tokens",
    "me_token_new": "/me/tokens/new",
    "me_access": "/me/access",
    "jobs": "/jobs",
    "job": "/jobs/{job}",
    "repository_delete_tags": f"{IMAGE}/delete-tags?selected=1.0&selected=2.0",
    "repository_delete_artifacts": f"{IMAGE}/delete-artifacts?selected={{further}}",
    "artifact_delete": f"{IMAGE}/delete-artifact?digest={{digest}}",
    "project_delete_repos": "/p/{project}/repos/delete?selected={repository}",
}
# Who makes projects, and the number of a label, stand elsewhere: see the tests of the REST API.
NOT_SENT: Final = {"project_new", "artifact_labels"}


@pytest.fixture
def names(ann: Visitor) -> dict[str, str]:
    """A project of Ann's with an image, and a job of it."""
    project = make_project("calls")
    Member.objects.create(project=project, user=ann.user, role_id=Role.PROJECT_ADMIN)
    image = images.image({"x": unique("x").encode()})
    where = shelf(project, "deep/app", image, "1.0", "2.0")
    further = push(where, images.image({"x": unique("x").encode()}), "3.0")
    settled()
    job = str(made(project).pk)
    there = {"project": project.name, "repository": str(where.name), "job": job}
    return there | {"digest": image.digest, "further": further}


def command(visitor: Visitor, path: str) -> str:
    """The one that the page has to copy, "" for none."""
    copied = [found.get("data-copy", "") for _tag, found in visitor.page(path).tags]
    return next((text for text in copied if text.startswith("curl ")), "")


def run(visitor: Visitor, line: str, secret: str) -> httpx2.Response:
    """As curl does it, in a browser that has no session."""
    parts = shlex.split(line.replace("$TOKEN", secret))
    assert parts[0] == "curl"
    headers, method, body = {}, "GET", None
    for option, value in zip(parts[1:-1:2], parts[2:-1:2], strict=True):
        match option:
            case "-u":
                headers["Authorization"] = f"Basic {b64encode(value.encode()).decode()}"
            case "-X":
                method = value
            case "-H":
                name, _colon, text = value.partition(": ")
                headers[name] = text
            case "-d":
                body = value
    return Visitor(visitor.application).http.request(method, parts[-1], headers=headers, content=body)


def test_every_call_is_described_as_it_is_told():
    calls = [*api_calls.CALLS.values(), *api_calls.TABS.values()]
    described = {
        (method.upper(), path.replace("/tags/{tag}", "/tags/{reference}"))
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
    }
    told = {
        (each.method, each.path.replace("PROJECT", "{project}").replace("REPOSITORY", "{repository}"))
        for each in calls
    }
    assert told - described == set()


def test_every_page_of_the_tables_is_a_page_and_every_call_is_tried():
    routes = {each.name for each in urlpatterns}
    assert api_calls.CALLS.keys() <= routes
    assert page_topics.OF_ROUTE.keys() <= routes
    tabs = {f"{route} {tab}" for route, tab in api_calls.TABS}
    assert PAGES.keys() | NOT_SENT == api_calls.CALLS.keys() | tabs


def test_what_a_page_has_to_copy_works_for_its_reader(ann: Visitor, names: dict[str, str]):
    for route, path in PAGES.items():
        line = command(ann, path.format(**names))
        assert f"-u {ann.user.username}:" in line, route
        for stands, chosen in CHOSEN.items():
            line = line.replace(stands, chosen.format(**names))
        answer = run(ann, line, PASSWORD)
        assert 200 <= answer.status_code < 300, (route, line, answer.text)


def test_who_is_not_signed_in_gets_what_works_without_a_secret(visitor: Visitor):
    project = make_project("calls", public=True)
    where = shelf(project, "app", images.image({"x": unique("x").encode()}), "1.0")
    settled()
    for path in ("/projects", f"/p/{project.name}/", f"/r/{where.name}", f"/r/{where.name}/-/t/1.0"):
        line = command(visitor, path)
        assert "TOKEN" not in line
        assert run(visitor, line, "").status_code == 200, line
    assert command(visitor, "/") == ""


def test_a_hostile_address_is_quoted_for_the_shell(ann: Visitor):
    line = command(ann, "/search?q=%27;rm%20-rf%20~;%24(id)%0A%22%20-o%20x")
    assert shlex.split(line)[-1].startswith(f"http://{HOST}/api/v2.0/search?q=%27%3Brm")
    assert len(shlex.split(line)) == 4


def test_a_page_leads_to_the_help_that_is_about_it(visitor: Visitor):
    page = visitor.page("/help/pages")
    places = {found["id"] for _tag, found in page.tags if "id" in found}
    assert {topic.name for topic in page_topics.TOPICS} <= places
    assert "/help/pages#projects" in visitor.page("/projects").links
    assert "GET /projects" in page.text
