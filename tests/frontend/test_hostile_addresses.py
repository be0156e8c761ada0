"""Whatever stands in an address, a form or a header: a page answers it, and never with a failure of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, Final
from urllib.parse import quote

import pytest

from access.models import Member
from access.table import Role
from accounts.models import User
from frontend import urls
from frontend.methods import methods_of
from tests import images
from tests.frontend.shelf import settled, shelf
from tests.frontend.visitor import Visitor
from tests.people import make_project, unique

# Every name that a page reads of its address or its form.
_NAMES: Final = """
    action after again all amount at before by cols confirmed days digest document done email empty export
    failed_after find forget from full_name idle immutable kind label level list made missing name networks next
    now of old password per pin places platform preview principal project purpose put q query quota ref reference
    role rows seen selected session signed since size sort state tab tag text theme to tool trigger type typed
    unit unpin until username version view visibility was
"""
NAMES: Final = _NAMES.split()
EVIL: Final = (
    "\0",
    "9" * 19,
    "1e999999999",
    "٣²",
    "\u202e'\"><script>",
    "http://[",
    "sha256:" + "(*[" * 60,
)
PARTS: Final = ("\0", "9" * 30, "\u202e", "..", "a\nb")
KINDS: Final = ("str", "path", "int")
# A form with these is more than a question; without them other views of it are asked for.
FIRST: Final = ("all", "confirmed", "preview")


@pytest.fixture
def visitor(application: Any) -> Visitor:
    """With the path as a server hands it on: its bytes one by one."""

    def served(environ: dict[str, Any], start: Any) -> Any:
        environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
        return application(environ, start)

    return Visitor(served)


@pytest.fixture
def there(ann: Visitor) -> dict[str, str]:
    """What the parts of an address may be, so that the page is there: ann may do all."""
    User.objects.filter(pk=ann.user.pk).update(is_admin=True)
    project = make_project("hostile")
    Member.objects.create(project=project, user=ann.user, role_id=Role.PROJECT_ADMIN)
    image = images.image({"x": unique("x").encode()})
    repository = str(shelf(project, "app", image, "latest").name)
    settled()
    fixed = {"tag": "latest", "run": "1", "token": "1", "name": "health", "rest": "none"}
    return {"project": project.name, "repository": repository, "digest": image.digest, **fixed}


def ways(method: str, parts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(the pattern, the address it makes of the parts) of each page that takes the method."""
    for each in urls.urlpatterns:
        if method in methods_of(each.callback):
            yield str(each.pattern), filled(str(each.pattern), parts)


def filled(way: str, parts: dict[str, str]) -> str:
    for name, value in parts.items():
        for kind in KINDS:
            way = way.replace(f"<{kind}:{name}>", value)
    return f"/{way}"


def test_no_parameter_breaks_a_page(ann: Visitor, there: dict[str, str]) -> None:
    for evil, (_pattern, way) in product(EVIL, list(ways("GET", there))):
        assert ann.get(way, params=dict.fromkeys(NAMES, evil)).status_code < 500, (way, evil)


def test_no_field_breaks_a_form(ann: Visitor, there: dict[str, str]) -> None:
    own = {"tag": "latest", "digest": there["digest"], "reference": there["digest"], "list": "tags"}
    headers = {"Origin": str(ann.http.base_url).rstrip("/")}
    for evil, dropped, (_pattern, way) in product(EVIL, (FIRST, ()), list(ways("POST", there))):
        if "log" in way:
            continue
        typed = {name: evil for name in NAMES if name not in dropped}
        answer = ann.http.post(way, data={**typed, **own, "csrfmiddlewaretoken": ann.token}, headers=headers)
        assert answer.status_code < 500, (way, evil, dropped)
        assert "send that again" not in answer.text


def test_no_part_of_a_path_breaks_a_page(ann: Visitor, there: dict[str, str]) -> None:
    for evil, (pattern, _way) in product(PARTS, list(ways("GET", there))):
        for name in there:
            if f":{name}>" in pattern:
                way = filled(pattern, {**there, name: quote(evil, safe="")})
                assert ann.get(way).status_code < 500, way


@pytest.mark.parametrize("name", ["HX-Current-URL", "HX-Target", "Accept-Language", "Referer", "Cookie"])
def test_no_header_breaks_a_page(visitor: Visitor, name: str) -> None:
    for evil in ("http://[", "9" * 5000, "zh-" * 1000, "wharf_theme=%00;wharf_session=%00; wharf_csrf=x"):
        for way in ("/me/tokens", "/projects", "/search?q=x"):
            assert visitor.get(way, headers={"HX-Request": "true", name: evil}).status_code < 500, (way, evil)


def test_a_session_that_ended_leads_back_to_the_page_that_asked(visitor: Visitor) -> None:
    asked = {"HX-Request": "true", "HX-Current-URL": "http://evil.example/jobs/7?find=x#log"}
    assert (
        visitor.get("/jobs/7", headers=asked).headers["HX-Redirect"]
        == "/auth/login?next=%2Fjobs%2F7%3Ffind%3Dx"
    )


@pytest.mark.parametrize("amount", ["1e999999999", "0.0000000000001", "NaN", "sNaN", "-1"])
def test_a_quota_that_is_none_is_told(ann: Visitor, there: dict[str, str], amount: str) -> None:
    typed = {"name": unique("quota"), "visibility": "private", "amount": amount, "unit": "TiB"}
    assert ann.send("/projects/new", typed).status_code == 422
