"""A browser without script and without a screen: keeps cookies, reads forms, sends them with what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx2

from accounts.models import User
from tests.registry_api.client import HOST

CONTROLS = ("input", "button")


@dataclass
class Form:
    """What a form sends unless somebody types: its hidden and filled fields."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """The parts of a page that tests look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag == "form":
            self.forms.append(Form(found["action"]))
        elif tag == "a":
            self.links.append(found["href"])
        elif tag in CONTROLS and "name" in found:
            self.forms[-1].fields[found["name"]] = found.get("value", "")

    def handle_data(self, data: str) -> None:
        self.words += f" {data}"

    def form(self, action: str) -> Form:
        return next(form for form in self.forms if form.action == action)

    @property
    def text(self) -> str:
        return " ".join(self.words.split())


class Visitor:
    """One browser. `headers` go with every request."""

    def __init__(
        self, application: Any, url: str = f"http://{HOST}", headers: Mapping[str, str] | None = None
    ) -> None:
        self.application = application
        transport = httpx2.WSGITransport(application, raise_app_exceptions=True)
        self.http = httpx2.Client(transport=transport, base_url=url, headers=headers, timeout=60)
        self.user: User = User()

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return self.http.get(path, **options)

    def page(self, path: str) -> Page:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    def send(self, path: str, typed: Mapping[str, str], *, form: str = "") -> httpx2.Response:
        """Open the page at `path`, type, and send its form (that of the same path, or the one whose action is `form`)."""
        found = self.page(path).form(form or path.partition("?")[0])
        origin = str(self.http.base_url).rstrip("/")
        return self.http.post(found.action, data={**found.fields, **typed}, headers={"Origin": origin})

    def sign_in(self, name: str, password: str, *, to: str = "/") -> None:
        typed = {"principal": name, "password": password, "next": to}
        answer = self.send("/auth/login", typed)
        assert (answer.status_code, answer.headers["Location"]) == (303, to), answer.text

    def sign_out(self) -> httpx2.Response:
        return self.send("/", {}, form="/auth/logout")

    def cookie(self, name: str) -> str:
        return next((each.value or "" for each in self.http.cookies.jar if each.name == name), "")

    @property
    def key(self) -> str:
        return self.cookie("wharf_session") or self.cookie("__Host-wharf_session")

    @property
    def token(self) -> str:
        """What a script of ours would send in X-CSRFToken."""
        return self.cookie("wharf_csrf") or self.cookie("__Host-wharf_csrf")

    def name(self) -> str:
        """Who the front page says is signed in, "" for nobody."""
        words = self.page("/").text
        return words.partition("Signed in as ")[2].partition(" ")[0]


def set_cookies(answer: httpx2.Response) -> dict[str, str]:
    """The attributes of each cookie an answer sets, by its name, the value left out."""
    lines = [line.strip() for line in answer.headers.get_list("Set-Cookie")]
    return {line.partition("=")[0]: line.partition(";")[2].strip() for line in lines}
