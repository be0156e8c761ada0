"""The tab that says what an artifact is: what it runs, by which settings, what it says of itself, for which platforms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from artifacts.browsing import documents
from artifacts.browsing.sheets import Content, Sheet
from artifacts.places import Located
from core.oci.digest import Digest
from frontend.places import address
from frontend.sheets import texts
from frontend.sheets.asked import Asked
from frontend.sheets.texts import Pair

CHART: Final = "CHART"
# In the config of an image: a key -> what it is called.
_RUNS: Final = (
    ("Entrypoint", gettext_lazy("Entrypoint")),
    ("Cmd", gettext_lazy("Command")),
    ("WorkingDir", gettext_lazy("Working directory")),
    ("User", gettext_lazy("User")),
    ("Shell", gettext_lazy("Shell")),
    ("StopSignal", gettext_lazy("Stop signal")),
)
_OPENS: Final = (("ExposedPorts", gettext_lazy("Ports")), ("Volumes", gettext_lazy("Volumes")))
# In the config of a chart, which is its Chart.yaml.
_CHART: Final = (
    ("name", gettext_lazy("Chart")),
    ("version", gettext_lazy("Version")),
    ("appVersion", gettext_lazy("Version of the application")),
    ("description", gettext_lazy("Description")),
    ("type", gettext_lazy("Type")),
    ("kubeVersion", gettext_lazy("Kubernetes")),
    ("home", gettext_lazy("Home page")),
    ("icon", gettext_lazy("Icon")),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """`is_code`: as a program reads it; `href`: where it leads, "" for nowhere."""

    label: str | Promise
    value: str
    is_code: bool = True
    href: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Of an index. `is_here`: it was pushed, too; `link`: to this page for its platform; `is_shown`: the one below."""

    content: Content
    name: str
    link: str
    own: str
    is_here: bool
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Dependency:
    name: str
    version: str
    repository: str
    href: str


@dataclass(frozen=True, slots=True)
class Overview:
    """`facts`: what it runs or is; `is_known`: its config could be read; `are_repeated`: some annotations say what labels say,
    and do not stand among them.
    """

    facts: tuple[Fact, ...]
    variables: tuple[Pair, ...]
    labels: tuple[Pair, ...]
    annotations: tuple[Pair, ...]
    index_annotations: tuple[Pair, ...]
    parts: tuple[Part, ...]
    dependencies: tuple[Dependency, ...]
    is_known: bool
    are_repeated: bool
    template: str = "frontend/artifacts/overview.html"


def overview(place: Located, sheet: Sheet, content: Content | None, asked: Asked) -> Overview:
    """One query, two for an index whose part is there."""
    about = documents.described(place, sheet.digest)
    shown = about
    if content is not None and content.digest != sheet.digest and content.artifact_id is not None:
        shown = documents.described(place, content.digest)
    config = texts.document(shown.config)
    whole: Mapping[str, Any] = config if isinstance(config, dict) else {}
    inner = _object(whole.get("config"))
    is_chart = content is not None and content.type == CHART
    facts = _chart(whole) if is_chart else _image(whole, inner, shown.author)
    own = shown is not about
    labels = {} if is_chart else _object(inner.get("Labels"))
    said = texts.strings(shown.annotations)
    further = {name: value for name, value in said.items() if labels.get(name) != value}
    return Overview(
        facts=tuple(facts),
        variables=() if is_chart else texts.variables(_list(inner.get("Env"))),
        labels=texts.pairs(labels),
        annotations=texts.pairs(further),
        are_repeated=len(further) < len(said),
        index_annotations=texts.pairs(texts.strings(about.annotations)) if own else (),
        parts=_parts(place, sheet, content, asked) if sheet.is_index else (),
        dependencies=tuple(_dependencies(whole)) if is_chart else (),
        is_known=bool(whole),
    )


def _image(whole: Mapping[str, Any], inner: Mapping[str, Any], author: str) -> Iterator[Fact]:
    for key, label in _RUNS:
        if value := texts.words(inner.get(key)):
            yield Fact(label, value)
    for key, label in _OPENS:
        if names := texts.keys(inner.get(key)):
            yield Fact(label, ", ".join(names))
    health = _object(inner.get("Healthcheck")).get("Test")
    if value := texts.words(health):
        yield Fact(_("Health check"), value)
    if author:
        yield Fact(_("Author"), texts.readable(author), is_code=False)
    if version := texts.words(whole.get("os.version")):
        yield Fact(_("System version"), version)


def _chart(whole: Mapping[str, Any]) -> Iterator[Fact]:
    for key, label in _CHART:
        if value := texts.words(whole.get(key)):
            yield Fact(
                label, value, key in ("version", "appVersion", "kubeVersion"), texts.web_address(value)
            )
    for each in _list(whole.get("sources"))[:10]:
        value = texts.words(each)
        yield Fact(_("Source"), value, is_code=False, href=texts.web_address(value))
    if words := [text for each in _list(whole.get("keywords")) if (text := texts.words(each))]:
        yield Fact(_("Keywords"), ", ".join(words), is_code=False)
    people = [_object(each).get("name") for each in _list(whole.get("maintainers"))]
    if names := [text for each in people if (text := texts.words(each))]:
        yield Fact(_("Maintainers"), ", ".join(names), is_code=False)
    if whole.get("deprecated") is True:
        yield Fact(_("State"), _("deprecated"), is_code=False)


def _dependencies(whole: Mapping[str, Any]) -> Iterator[Dependency]:
    for each in _list(whole.get("dependencies"))[: texts.MOST_ROWS]:
        found = {name: texts.words(_object(each).get(name)) for name in ("name", "version", "repository")}
        yield Dependency(**found, href=texts.web_address(found["repository"]))


def _parts(place: Located, sheet: Sheet, shown: Content | None, asked: Asked) -> tuple[Part, ...]:
    def part(each: Content) -> Part:
        is_here = each.artifact_id is not None
        return Part(
            content=each,
            name=texts.readable(each.platform),
            link=asked.link(platform=each.platform) if is_here and each.platform else "",
            own=own_page(place, each.digest) if is_here else "",
            is_here=is_here,
            is_shown=each == shown,
        )

    return tuple(part(each) for each in sheet.contents)


def own_page(place: Located, digest: Digest) -> str:
    """Where that manifest has its page."""
    return address("manifest", repository=str(place.target.name), digest=str(digest))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
