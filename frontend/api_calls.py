"""What does by the REST API what a page does: one row a page, shown at its foot as a command to take along."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Final
from urllib.parse import quote

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

from access.principal import ActorKind
from accounts import browser
from frontend.hosts import address

BASE: Final = "/api/v2.0"
# What the reader's shell puts in: his password or a token.
VARIABLE: Final = '"$TOKEN"'
NONE: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """`path`: as the OpenAPI document has it; `query`, `body`: after it, with names of the page's own in braces.

    `is_open`: answered without credentials, for what everybody may see.
    """

    method: str
    path: str
    query: str = ""
    body: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """`path`: what is asked for; `command`: as a shell takes it; `needs_secret`: whether $TOKEN stands in it."""

    method: str
    path: str
    command: str
    needs_secret: bool


_PROJECT: Final = "/projects/{project}"
_REPOSITORY: Final = f"{_PROJECT}/repositories/{{repository}}"
_ARTIFACTS: Final = f"{_REPOSITORY}/artifacts"
_ARTIFACT: Final = f"{_ARTIFACTS}/{{reference}}"
_ONE: Final = Call("GET", _ARTIFACT, is_open=True)
_HUNDRED: Final = "page_size=100"
# The name of a route -> the call. Pages without a row have none: what they show the API does not tell yet.
CALLS: Final[dict[str, Call]] = {
    "home": Call("GET", "/statistics"),
    "search": Call("GET", "/search", "q={q}", is_open=True),
    "projects": Call("GET", "/projects", _HUNDRED, is_open=True),
    "project_new": Call(
        "POST", "/projects", body='{"project_name": "NAME", "metadata": {"public": "false"}}'
    ),
    "project": Call("GET", f"{_PROJECT}/summary", is_open=True),
    "project_repos": Call("GET", f"{_PROJECT}/repositories", _HUNDRED, is_open=True),
    "project_delete_repos": Call("DELETE", _REPOSITORY),
    "repository": Call("GET", _ARTIFACTS, _HUNDRED, is_open=True),
    "repository_artifacts": Call("GET", _ARTIFACTS, _HUNDRED, is_open=True),
    "repository_delete_artifacts": Call("DELETE", _ARTIFACT),
    "repository_about": Call("GET", _REPOSITORY, is_open=True),
    "repository_about_edit": Call("PUT", _REPOSITORY, body='{"description": "TEXT"}'),
    "repository_delete_tags": Call("DELETE", f"{_ARTIFACT}/tags/{{reference}}"),
    "tag": _ONE,
    "manifest": _ONE,
    "artifact_add_tag": Call("POST", f"{_ARTIFACT}/tags", body='{"name": "TAG"}'),
    "artifact_labels": Call("POST", f"{_ARTIFACT}/labels", body='{"id": 1}'),
    "artifact_copy": Call(
        "POST", "/projects/PROJECT/repositories/REPOSITORY/artifacts", "from={project}/{repository}{at}"
    ),
    "artifact_delete": Call("DELETE", _ARTIFACT),
    "me_profile": Call("GET", "/users/current"),
    "me_security": Call("GET", "/users/current/sessions"),
    "me_tokens": Call("GET", "/users/current/tokens"),
    "me_token_new": Call("POST", "/users/current/tokens", body='{"name": "NAME", "permissions": null}'),
    "me_access": Call("GET", "/users/current/permissions"),
    "jobs": Call("GET", "/jobs", _HUNDRED),
    "job": Call("GET", "/jobs/{run_id}"),
}
# The same for what a page shows under one of its tabs.
TABS: Final[dict[tuple[str, str], Call]] = {
    (route, tab): Call("GET", f"{_ARTIFACT}/{path}", is_open=True)
    for route in ("tag", "manifest")
    for tab, path in (("layers", "additions/build_history"), ("referrers", "accessories"))
}


def shown(request: HttpRequest) -> Shown | None:
    """The call of the page that the request asks for; None where there is none, or none for who is not signed in."""
    match = request.resolver_match
    route = match.view_name if match is not None else ""
    call = TABS.get((route, request.GET.get("tab", ""))) or CALLS.get(route)
    actor = browser.actor_of(request)
    is_signed_in = actor.kind is not ActorKind.ANONYMOUS
    if call is None or match is None or not (is_signed_in or call.is_open):
        return None
    known = _known(request, match.kwargs)
    if not _names(call) <= known.keys():
        return None
    try:
        here = address(request).url
    except DisallowedHost:
        return None
    path = BASE + _filled(call, known)
    command = _command(call, here + path, actor.name if is_signed_in else "")
    return Shown(call.method, path, command, is_signed_in)


def _known(request: HttpRequest, named: Mapping[str, object]) -> dict[str, str]:
    """What the address of the page tells, by the names of the table; what it leaves empty is left out."""
    given = request.GET
    project, _slash, repository = str(named.get("repository", "") or given.get("selected", "")).partition("/")
    asked = (given.get(name, "") for name in ("digest", "reference", "selected"))
    reference = str(named.get("tag") or named.get("digest") or next(filter(None, asked), ""))
    known = {
        "project": str(named.get("project", "")) or project,
        "repository": repository,
        "reference": reference,
        "at": f"@{reference}" if ":" in reference else f":{reference}" if reference else "",
        "run_id": str(named.get("run", "")),
        "q": given.get("q", ""),
    }
    return {name: value for name, value in known.items() if value}


def _names(call: Call) -> set[str]:
    return {name for _text, name, _spec, _how in Formatter().parse(call.path + call.query) if name}


def _filled(call: Call, known: Mapping[str, str]) -> str:
    """The path with its query. A repository's slashes are written twice over, as the API asks for it."""
    escaped = {name: quote(value, safe=":") for name, value in known.items()}
    path = call.path.format(**escaped | {"repository": quote(escaped.get("repository", ""))})
    return f"{path}?{call.query.format(**escaped)}" if call.query else path


def _command(call: Call, url: str, name: str) -> str:
    parts = ["curl"]
    parts += [f"-u {shlex.quote(name)}:{VARIABLE}"] if name else []
    parts += [f"-X {call.method}"] if call.method != "GET" else []
    parts += [f"-H 'Content-Type: application/json' -d {shlex.quote(call.body)}"] if call.body else []
    return " ".join([*parts, shlex.quote(url)])
