"""What one of a tenant is told who asks for the other's things, held against what he is told of things that are not there."""

from __future__ import annotations

import base64
import html
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import uuid4

import httpx2

from tests.registry_api.rest.tenants import Asker, Tenant

# A part of a route as Django writes it, and as a pattern of the distribution API names it.
PART: Final = re.compile(r"<(?:\w+):\w+>")
GROUP: Final = re.compile(r"\(\?P<(\w+)>[^)]*\)")
# Words of ours, the same for everybody.
OURS: Final = {"<str:key>", "<str:name>", "<str:job_type>", "<str:pool_id>"}
# Headers that differ from answer to answer.
ITS_OWN: Final = {"x-request-id", "content-length"}
# The token against forged forms and its cookie, the id by which an administrator finds the request, and what of one's own
# is spelt like the question.
OF_A_PAGE: Final = re.compile(
    r'(?<=name="csrfmiddlewaretoken" value=")\w+|(?<=wharf_csrf=)\w+|\b[0-9a-f]{32}\b|(?s:<div class="near">.*?</div>)'
)
NOBODY: Final = "zq" + "0" * 10


@dataclass(frozen=True)
class Place:
    """Both tenants on one registry, and its administrator."""

    http: httpx2.Client
    both: tuple[Tenant, Tenant]
    admin: Asker

    def asker(self, own: Tenant, kind: str) -> Asker:
        return Asker({}) if kind == "anonymous" else own.askers[kind]


def nothing_like(word: str) -> str:
    """A value of the same kind that names nothing."""
    if re.fullmatch("[0-9]+", word):
        return "987654321987654"
    if word.startswith("sha256:"):
        return f"sha256:{uuid4().hex * 2}"
    if re.fullmatch("[0-9a-f-]{36}", word):
        return str(uuid4())
    return f"{NOBODY}{word[len(NOBODY) :]}"


def taken(parts: list[str], other: Tenant) -> Iterator[dict[str, str]]:
    """Some of these parts of a route named as the other's, in every way."""
    for some in itertools.chain.from_iterable(
        itertools.combinations(parts, n + 1) for n in range(len(parts))
    ):
        for names in itertools.product(*(other.places[part] for part in some)):
            yield dict(zip(some, names, strict=True))


def filled(pattern: re.Pattern[str], route: str, values: Mapping[str, str]) -> str:
    return pattern.sub(lambda found: values[found.group(pattern.groups)], route)


def told(answer: httpx2.Response, asked: Mapping[str, str]) -> str:
    """All that an answer says, but what it says again of the question. A token says what is in it."""
    text = (
        f"{html.unescape(answer.text)}\n{[pair for pair in answer.headers.items() if pair[0] not in ITS_OWN]}"
    )
    if answer.url.path == "/service/token" and answer.status_code == 200:
        claims = json.loads(base64.urlsafe_b64decode(answer.json()["token"].split(".")[1] + "=="))
        text = json.dumps(claims["access"])
    names = {each for value in asked.values() if not value.isdigit() for each in (value, value.split("/")[0])}
    for value in sorted(names, key=len, reverse=True):
        for form in (
            value,
            value.replace("%252F", "/"),
            quote(value),
            quote(value, safe=""),
            quote(quote(value, safe="")),
        ):
            text = text.replace(form, "·")
    return text


def in_shape(text: str) -> str:
    """Without numbers and times: ids and figures of a question, and of the moment; of a page, without what is its own."""
    return re.sub(r"[0-9]+", "#", " ".join(OF_A_PAGE.sub("", text).split()))


def apart(there: str, away: str) -> str:
    """Where two answers begin to differ."""
    place = next((n for n, (one, two) in enumerate(zip(there, away, strict=False)) if one != two), 0)
    begun = max(0, place - 100)
    return f"\n  {there[begun : place + 200]}\n  {away[begun : place + 200]}"


def around(text: str, word: str) -> str:
    """The place where a text names somebody it should not."""
    place = text.index(word)
    return text[max(0, place - 300) : place + 300]


class Crawl:
    """What one of a tenant asks, of the other's things and of nothing; `faults` is what he should not have been told."""

    def __init__(self, place: Place, own: Tenant, other: Tenant, kind: str) -> None:
        self.http, self.own, self.other, self.kind = place.http, own, other, kind
        self.asker = place.asker(own, kind)
        self.faults: list[str] = []

    def compare(
        self,
        foreign: str,
        absent: str,
        asked: Mapping[str, str],
        unasked: Mapping[str, str],
        method: str = "GET",
        **headers: str,
    ) -> None:
        own = {**self.asker.headers, **headers}
        one, two = (self.http.request(method, path, headers=own) for path in (foreign, absent))
        there, away = told(one, asked), told(two, unasked)
        if self.other.word in there:
            self.faults.append(f"{foreign}: names the other: {around(there, self.other.word)}")
        if one.status_code != two.status_code or in_shape(there) != in_shape(away):
            self.faults.append(
                f"{foreign}: {one.status_code}, {absent}: {two.status_code}: {apart(in_shape(there), in_shape(away))}"
            )
        assert 500 not in (one.status_code, two.status_code), foreign

    def route(
        self, pattern: re.Pattern[str], route: str, ahead: str, headers: Callable[..., dict[str, str]] = dict
    ) -> None:
        """A route with one's own names, and with some of the other's in their place."""
        parts = list(dict.fromkeys(found.group(pattern.groups) for found in pattern.finditer(route)))
        own = {part: self.own.places[part][0] for part in parts}
        self.ask(ahead + filled(pattern, route, own), None, **headers(own))
        for foreign in taken([part for part in parts if part not in OURS], self.other):
            absent = {part: nothing_like(value) for part, value in foreign.items()}
            whole, away = own | foreign, own | absent
            one, two = filled(pattern, route, whole), filled(pattern, route, away)
            self.compare(ahead + one, ahead + two, foreign, absent, **headers(whole))

    def ask(self, path: str, asked: Mapping[str, str] | None = None, **headers: str) -> None:
        answer = self.http.get(path, headers={**self.asker.headers, **headers})
        if self.other.word in (text := told(answer, asked or {})):
            self.faults.append(f"{path}: names the other: {around(text, self.other.word)}")

    def question(self, template: str, method: str = "GET", **headers: str) -> None:
        """The same question about the other's things and about nothing."""
        facts = {key: value for key, value in self.other.facts.items() if f"{{{key}}}" in template}
        absent = {key: nothing_like(value) for key, value in facts.items()}
        self.compare(
            template.format(**facts), template.format(**absent), facts, absent, method=method, **headers
        )
