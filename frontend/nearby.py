"""What the page says that there is nothing: the names near the one in its address, and where that leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from access.principal import Principal
from accounts import browser
from artifacts.browsing.nearest import nearest, nearest_called, nearest_tags
from core.errors import NameInvalid
from core.oci.names import RepositoryName
from database.transactions import TRY_AGAIN
from frontend.findings import place_of
from frontend.places import address
from frontend.shell import Place, Shell, shell

MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Near:
    """Something that is there. `icon`: of what it is."""

    name: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class Around:
    """`shell`: None where nobody can say who looks. `searched`: the name to look for, "" for none."""

    shell: Shell | None = None
    near: tuple[Near, ...] = ()
    searched: str = ""


def around(request: HttpRequest) -> Around:
    """Nothing at all while the database is away: a page that says what is wrong must not be wrong itself."""
    try:
        return _around(request)
    except TRY_AGAIN:
        return Around()


def called(actor: Principal, text: str) -> tuple[Near, ...]:
    """Repositories that are nearly called as somebody typed in the search field."""
    found = nearest_called(actor, text.partition(":")[0].strip("/").rpartition("/")[2], most=MOST)
    return tuple(Near(each, address("repository", repository=each), "package") for each in found)


def _around(request: HttpRequest) -> Around:
    actor = browser.actor_of(request)
    # Only who reads a page is helped: whatever else asks for what is not there is not worth a search.
    name = name_in(request.path) if request.method == "GET" else ""
    _before, named, tag = request.path.partition("/-/t/")
    if named and (tags := nearest_tags(actor, name, tag, most=MOST)):
        near = [Near(f"{name}:{each}", place_of(name, tag=each), "tag") for each in tags]
        return Around(shell(actor, Place()), tuple(near), name)
    repositories, projects = nearest(actor, name, most=MOST) if name else ([], [])
    near = [Near(each, address("repository", repository=each), "package") for each in repositories]
    near += [Near(each, address("project", project=each), "folders") for each in projects]
    return Around(shell(actor, Place()), tuple(near[:MOST]), name)


def name_in(path: str) -> str:
    """The repository or project that an address is about; of an address that is none of ours, all of it: somebody typed the
    name of an image behind that of the registry.
    """
    parts = path.split("/-/", maxsplit=1)[0].strip("/").split("/")
    if parts[0] == "p":
        return parts[1] if len(parts) > 1 else ""
    if parts[0] == "r":
        return "/".join(parts[1:])
    name = "/".join(parts).partition(":")[0]
    return name if len(parts) > 1 and _is_name(name) else ""


def _is_name(text: str) -> bool:
    try:
        RepositoryName.parse(text)
    except NameInvalid:
        return False
    return True
