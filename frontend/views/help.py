"""Help: the keys, how programs are set up, and what the words mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop, override
from django.utils.translation import gettext_lazy as _

from frontend import api_calls
from frontend.client_setup import Setup, insecure, setups
from frontend.hosts import Address
from frontend.hosts import address as host_of
from frontend.methods import READ
from frontend.page_topics import TOPICS, Topic
from frontend.places import address
from frontend.shell import Place, page

Words = str | Promise
# The keys, pressed one after the other, and what they do.
SHORTCUTS: Final[tuple[tuple[Words, tuple[tuple[tuple[str, ...], Words], ...]], ...]] = (
    (
        _("Everywhere"),
        (
            (("/",), _("Go to the search field")),
            (("?",), _("Show this list")),
            (("g", "h"), _("Go home")),
            (("g", "p"), _("Go to the projects")),
            (("g", "a"), _("Go to the audit log")),
            (("g", "j"), _("Go to the jobs")),
            (("g", "s"), _("Go to your preferences")),
            (("t",), _("Switch between light and dark")),
            (("Esc",), _("Close what is open")),
        ),
    ),
    (
        _("In lists"),
        (
            (("j",), _("Next row")),
            (("k",), _("Previous row")),
            (("o",), _("Open the row")),
            (("x",), _("Select the row")),
            (("y",), _("Copy the command that pulls it")),
            (("d",), _("Copy its digest")),
            (("c",), _("Compare the two that are selected")),
            (("f",), _("Go to the filters")),
        ),
    ),
)
# The English word, and what it means. Its translation is the one of the pages.
TERMS: Final[tuple[tuple[str, Words], ...]] = (
    (
        gettext_noop("Project"),
        _("The first part of every image name. It has members with roles, and a quota."),
    ),
    (
        gettext_noop("Repository"),
        _("A name for artifacts that belong together, as in team/app. It appears with the first push."),
    ),
    (
        gettext_noop("Artifact"),
        _("What was pushed: an image, an index of images, a Helm chart or anything else that OCI describes."),
    ),
    (
        gettext_noop("Tag"),
        _(
            "A name for an artifact in its repository, as 1.10.2. It can be moved to another one, unless it is immutable."
        ),
    ),
    (gettext_noop("Label"), _("A word with a colour that people put on artifacts, for themselves.")),
    (gettext_noop("Digest"), _("The hash of an artifact. What is pulled by its digest never changes.")),
    (gettext_noop("Layer"), _("A part of an image. It is stored once, however many images have it.")),
    (gettext_noop("Robot"), _("An account for a program, with a secret, rights of its own and an end.")),
    (gettext_noop("Quota"), _("How much a project may hold. A blob counts once for each project.")),
    (
        gettext_noop("Immutable"),
        _("Neither moved to another artifact nor deleted, by hand or by a rule of the project."),
    ),
    (
        gettext_noop("Garbage collection"),
        _("Gives back the room of what nothing refers to any more. Pulls and pushes go on meanwhile."),
    ),
    (gettext_noop("Compressed size"), _("The bytes that a client transfers: what is stored.")),
    (
        gettext_noop("Unique size"),
        _("The bytes that become free when it is deleted: what nothing else in the project has."),
    ),
)
CHINESE: Final = "zh-hans"


@dataclass(frozen=True, slots=True)
class Term:
    """`english`, `chinese`: the word in both, whatever the language of the page."""

    english: str
    chinese: str
    meaning: Words


@dataclass(frozen=True, slots=True)
class HelpPage:
    """`api`: the description of the REST API; `off`: where the keys are switched off."""

    registry: Address
    setups: tuple[Setup, ...]
    insecure: str
    shortcuts: Sequence[tuple[Words, Sequence[tuple[tuple[str, ...], Words]]]]
    terms: tuple[Term, ...]
    off: str
    api: str = "/api/docs"
    schema: str = "/api/openapi.yaml"


@dataclass(frozen=True, slots=True)
class About:
    """`calls`: those of the REST API that do what its pages do."""

    topic: Topic
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PagesPage:
    topics: tuple[About, ...]
    above: tuple[tuple[str, str], ...]


@READ
def show(request: HttpRequest) -> HttpResponse:
    """The page, for everybody. Raises DisallowedHost."""
    here = host_of(request)
    shown = HelpPage(
        registry=here,
        setups=setups(here),
        insecure=insecure(here),
        shortcuts=_shortcuts(),
        terms=terms(),
        off=address("me_preferences") or address("preferences"),
    )
    return page(request, "frontend/help.html", shown, at=Place("help"))


def _shortcuts() -> Sequence[tuple[Words, Sequence[tuple[tuple[str, ...], Words]]]]:
    """Without those that lead to a page that there is not."""
    hidden = set() if address("audit") else {("g", "a")}
    return [(title, [each for each in keys if each[0] not in hidden]) for title, keys in SHORTCUTS]


@READ
def pages(request: HttpRequest) -> HttpResponse:
    """What each page shows, and the calls of the REST API that do the same."""
    shown = tuple(About(topic, calls_of(topic)) for topic in TOPICS)
    above = ((gettext("Help"), address("help")),)
    return page(request, "frontend/help_pages.html", PagesPage(shown, above), at=Place("help"))


def calls_of(topic: Topic) -> tuple[str, ...]:
    """As the description of the API has them, "GET /projects", each once."""
    found = (api_calls.CALLS[name] for name in topic.routes if name in api_calls.CALLS)
    return tuple(dict.fromkeys(f"{each.method} {each.path}" for each in found))


def terms() -> tuple[Term, ...]:
    with override(CHINESE):
        chinese = {name: gettext(name) for name, _meaning in TERMS}
    return tuple(Term(name, chinese[name], meaning) for name, meaning in TERMS)
