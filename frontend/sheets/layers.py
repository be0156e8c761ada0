"""The tab of layers: what made each, how large it is, who else has it; and the Dockerfile that they tell of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.principal import Principal
from artifacts.browsing import bases, layers
from artifacts.browsing.layers import Layer, Shared
from artifacts.browsing.sheets import Content
from artifacts.places import Located
from frontend.components import charts
from frontend.components.figures import size_text
from frontend.sheets import texts
from frontend.sheets.asked import Asked
from frontend.sheets.instructions import broken, instruction

_BASE_NAME: Final = "org.opencontainers.image.base.name"
_BASE_DIGEST: Final = "org.opencontainers.image.base.digest"


@dataclass(frozen=True, slots=True)
class Line:
    """A layer, or a line of the history that made none. `number`: among the layers, 0 for none; sizes in bytes."""

    number: int
    keyword: str
    rest: str
    comment: str
    digest: str
    media_type: str
    size: int
    drawn: SafeString
    percent: str
    cumulative: int
    shared: str
    is_shared: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Those of the base image, or those of the image itself. `title`: "" where nobody can tell them apart."""

    title: str
    name: str
    told: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Layers:
    """`folded`: what the empty lines are, "" where there are none or they are shown; `more`: not all are shown."""

    groups: tuple[Group, ...]
    told: str
    folded: str
    fold_link: str
    unfold_link: str
    dockerfile: str
    is_dockerfile: bool
    views: tuple[tuple[str, str, bool], ...]
    more: bool
    is_here: bool
    template: str = "frontend/artifacts/layers.html"


def tab(actor: Principal, place: Located, content: Content | None, asked: Asked, *, host: str) -> Layers:
    """Two queries, three where the image says what it was built upon."""
    is_here = content is not None and content.artifact_id is not None
    read = (
        layers.layers(actor, place, content.artifact_id) if content and content.artifact_id else layers.NONE
    )
    said = texts.strings(read.annotations)
    name = said.get(_BASE_NAME, "")
    base = bases.layers_of(actor, name.removeprefix(f"{host}/"), said.get(_BASE_DIGEST, "")) if name else []
    found = max((layers.common(read.lines, each) for each in base), default=0)
    shows_empty = asked.empty == "shown"
    lines = list(_lines(read.lines, shows_empty=shows_empty))
    empty = [each for each in read.lines if each.is_empty]
    return Layers(
        groups=_groups(lines, name, found),
        told=_told(read.lines),
        folded=_folded(empty) if not shows_empty else "",
        fold_link=asked.link(empty="folded") if shows_empty and empty else "",
        unfold_link=asked.link(empty="shown"),
        dockerfile=_dockerfile(read.lines, name),
        is_dockerfile=asked.view == "dockerfile",
        views=(
            (_("Layers"), asked.link(view="table"), asked.view == "table"),
            (_("Dockerfile"), asked.link(view="dockerfile"), asked.view == "dockerfile"),
        ),
        more=len(read.lines) >= layers.MOST,
        is_here=is_here,
    )


def _lines(found: Sequence[Layer], *, shows_empty: bool) -> Iterator[Line]:
    whole = sum(each.size for each in found)
    number = cumulative = 0
    for each in found:
        if not each.is_empty:
            number += 1
            cumulative += each.size
        elif not shows_empty:
            continue
        yield _line(each, 0 if each.is_empty else number, cumulative, whole)


def _line(each: Layer, number: int, cumulative: int, whole: int) -> Line:
    made = instruction(each.command)
    percent = _percent(each.size, whole)
    return Line(
        number=number,
        keyword=made.keyword,
        rest=made.rest,
        comment=texts.readable(each.comment),
        digest=str(each.digest or ""),
        media_type=each.media_type,
        size=each.size,
        drawn=charts.share(each.size, whole, percent, track=True),
        percent=percent,
        cumulative=cumulative,
        shared=_shared(each.shared),
        is_shared=bool(each.shared and each.shared.repositories),
    )


def _shared(shared: Shared | None) -> str:
    if shared is None:
        return ""
    if not shared.repositories:
        return _("only here") if shared.is_all else ""
    number = f"{shared.repositories:,}{'' if shared.is_all else '+'}"
    return ngettext("%(count)s repository", "%(count)s repositories", shared.repositories) % {"count": number}


def _percent(size: int, whole: int) -> str:
    if not whole or not size:
        return "0 %"
    share = 100 * size / whole
    return f"{share:.0f} %" if share >= 1 else "< 1 %"


def _told(found: Sequence[Layer]) -> str:
    number = sum(not each.is_empty for each in found)
    words = ngettext(
        "%(size)s compressed in %(count)s layer.", "%(size)s compressed in %(count)s layers.", number
    )
    return words % {"size": size_text(sum(each.size for each in found)), "count": number}


def _folded(empty: Sequence[Layer]) -> str:
    if not empty:
        return ""
    kinds = dict.fromkeys(word for each in empty if (word := instruction(each.command).keyword))
    words = ngettext("%(count)s empty layer is folded", "%(count)s empty layers are folded", len(empty))
    told = words % {"count": len(empty)}
    return f"{told} ({', '.join(kinds)})" if kinds else told


def _groups(lines: list[Line], name: str, found: int) -> tuple[Group, ...]:
    """`found`: so many layers are those of the base, 0 where that is not known."""
    if not name:
        return (Group("", "", "", tuple(lines)),)
    if not found:
        unknown = _("which of the layers are its own cannot be told")
        return (Group(_("Base image"), name, unknown, tuple(lines)),)
    end = next(at for at, each in enumerate(lines) if each.number == found) + 1
    ahead, after = lines[:end], lines[end:]
    return (
        Group(_("Base image"), name, _sum(ahead), tuple(ahead)),
        Group(_("This image"), "", _sum(after), tuple(after)),
    )


def _sum(lines: Sequence[Line]) -> str:
    number = sum(bool(each.number) for each in lines)
    words = ngettext("%(count)s layer, %(size)s", "%(count)s layers, %(size)s", number)
    return words % {"count": number, "size": size_text(sum(each.size for each in lines))}


def _dockerfile(found: Sequence[Layer], base: str) -> str:
    """As far as the history tells it: what was copied is known by its digest alone."""
    lines = [broken(instruction(each.command)) for each in found if each.command]
    return "\n".join([f"# {base}" if base else "", *lines]).strip()
