"""How pages look: chosen by small forms, kept with the account or in the browser, and never able to break a page."""

from __future__ import annotations

import pytest

from accounts.models import User
from audit.models import AuditEvent
from tests.frontend.visitor import Page, Visitor, set_cookies
from tests.people import make_user
from tests.registry_api.client import PASSWORD

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}


def root(text: str) -> dict[str, str]:
    return next(found for tag, found in Page(text).tags if tag == "html")


def choose(visitor: Visitor, path: str, **chosen: str) -> str:
    """Send the form of that path from the page of all preferences; where it leads."""
    page = visitor.page("/preferences?next=/auth/login")
    token = page.form("/preferences").fields["csrfmiddlewaretoken"]
    typed = {"csrfmiddlewaretoken": token, "next": "/auth/login", **chosen}
    answer = visitor.http.post(path, data=typed, headers={"Origin": str(visitor.http.base_url).rstrip("/")})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_the_browser_asks_for_a_language_until_somebody_chooses_one(visitor: Visitor):
    assert root(visitor.get("/").text)["lang"] == "en"
    asked = visitor.get("/", headers=CHINESE)
    assert root(asked.text)["lang"] == "zh-Hans"
    assert "登录" in asked.text
    choose(visitor, "/preferences/language", language="en")
    assert root(visitor.get("/", headers=CHINESE).text)["lang"] == "en"


@pytest.mark.parametrize("asked", ["", "*", "xx", "zh-TW,zh;q=0.1", "a" * 5000, "zh-hans;q=nonsense", "\x7f"])
def test_no_header_of_languages_breaks_a_page(visitor: Visitor, asked: str):
    answer = visitor.get("/", headers={"Accept-Language": asked})
    assert answer.status_code == 200
    assert root(answer.text)["lang"] in ("en", "zh-Hans")


def test_a_theme_is_in_the_page_before_anything_is_painted_and_the_form_leads_back(visitor: Visitor):
    assert root(visitor.get("/").text)["data-bs-theme"] == "auto"
    assert choose(visitor, "/preferences/theme", theme="dark") == "/auth/login"
    assert root(visitor.get("/").text)["data-bs-theme"] == "dark"


def test_of_who_is_signed_in_they_are_known_in_every_browser(application: object, ann: Visitor):
    choose(ann, "/preferences", theme="dark", language="zh-hans", time_zone="Asia/Shanghai")
    stored = User.objects.get(pk=ann.user.pk).preferences
    assert stored == {"theme": "dark", "language": "zh-hans", "time_zone": "Asia/Shanghai"}
    elsewhere = Visitor(application)
    elsewhere.sign_in(ann.user.username, PASSWORD)
    assert root(elsewhere.get("/").text)["lang"] == "zh-Hans"
    assert root(elsewhere.get("/").text)["data-bs-theme"] == "dark"
    event = AuditEvent.objects.get(operation="user.preferences", actor_id=ann.user.pk)
    assert (event.result, event.permission) == ("ok", "account:preferences")


def test_the_account_decides_where_cookie_and_account_differ(visitor: Visitor):
    choose(visitor, "/preferences/theme", theme="dark")
    user = make_user(password=PASSWORD)
    User.objects.filter(pk=user.pk).update(preferences={"theme": "light"})
    visitor.sign_in(user.username, PASSWORD)
    assert root(visitor.get("/").text)["data-bs-theme"] == "light"


def test_choosing_what_is_chosen_already_is_no_event(ann: Visitor):
    choose(ann, "/preferences/theme", theme="auto")
    assert not AuditEvent.objects.filter(operation="user.preferences", actor_id=ann.user.pk).exists()


@pytest.mark.parametrize(
    "cookie",
    ["theme=purple", "language=xx&rows=1e9", "%00", "theme", "=" * 600, "time_zone=../../etc/passwd"],
)
def test_a_cookie_that_nobody_gave_is_as_none(visitor: Visitor, cookie: str):
    answer = visitor.get("/", headers={"Cookie": f"wharf_look={cookie}"})
    assert answer.status_code == 200
    assert (root(answer.text)["data-bs-theme"], root(answer.text)["lang"]) == ("auto", "en")


def test_what_an_older_release_stored_is_left_out(ann: Visitor):
    kept = {"theme": "sepia", "gone": 1, "rows": [], "sizes": "decimal"}
    User.objects.filter(pk=ann.user.pk).update(preferences=kept)
    page = ann.page("/preferences")
    checked = {
        found["name"]: found["value"] for tag, found in page.tags if "checked" in found and tag == "input"
    }
    assert (checked["theme"], checked["sizes"], checked["rows"]) == ("auto", "decimal", "50")


@pytest.mark.parametrize("chosen", [{"theme": "purple"}, {}, {"language": "<script>"}])
def test_a_choice_that_is_none_of_ours_is_refused(ann: Visitor, chosen: dict[str, str]):
    token = ann.page("/preferences").form("/preferences").fields["csrfmiddlewaretoken"]
    answer = ann.http.post(
        "/preferences/theme",
        data={"csrfmiddlewaretoken": token, **chosen},
        headers={"Origin": str(ann.http.base_url).rstrip("/")},
    )
    assert answer.status_code == 400
    assert User.objects.get(pk=ann.user.pk).preferences == {}


def test_the_cookie_is_for_no_script_and_holds_no_more_than_what_was_chosen(visitor: Visitor):
    token = visitor.page("/preferences").form("/preferences").fields["csrfmiddlewaretoken"]
    answer = visitor.http.post(
        "/preferences/theme",
        data={"csrfmiddlewaretoken": token, "theme": "dark", "next": "https://evil.example/"},
        headers={"Origin": str(visitor.http.base_url).rstrip("/")},
    )
    assert answer.headers["Location"] == "/"
    assert "HttpOnly; Max-Age=31536000; Path=/; SameSite=Lax" in set_cookies(answer)["wharf_look"]
    assert visitor.cookie("wharf_look").strip('"') == "theme=dark"


@pytest.mark.parametrize(
    ("of", "action"), [("theme", "/preferences/theme"), ("language", "/preferences/language")]
)
def test_who_is_not_signed_in_chooses_in_the_menus_and_comes_back(visitor: Visitor, of: str, action: str):
    form = visitor.page(f"/preferences/menu?of={of}&next=/projects%3Fq=a").form(action)
    chosen = {"theme": "dark", "language": "zh-hans"}[of]
    answer = visitor.http.post(action, data={**form.fields, of: chosen})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/projects?q=a")
    assert chosen in visitor.cookie("wharf_look")


def test_a_menu_leads_back_to_this_server_alone(visitor: Visitor):
    assert "evil.example" not in visitor.get("/preferences/menu?of=theme&next=https://evil.example/").text


def test_what_was_saved_is_told_on_the_page_it_was_chosen_on(ann: Visitor):
    answer = ann.send("/preferences", {"theme": "dark", "language": "", "times": "relative"})
    assert answer.headers["Location"] == "/preferences?done=saved"
    assert "Saved." in ann.page("/preferences?done=saved").text
