"""Two artifacts side by side as their page shows them: figures, layers with what is alike folded, and settings by group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from artifacts.browsing.comparison import Comparison
from artifacts.browsing.differences import Difference, Setting, Step
from frontend.components.figures import size_text
from frontend.sheets.instructions import Instruction, instruction

# So many alike in a row are told as one line unless somebody wants to see them.
FOLDED_FROM: Final = 4
HIDDEN: Final = "••••••"
# The kind of a difference -> its sign, its word.
SIGNS: Final[dict[str, tuple[str, str | Promise]]] = {
    "same": ("", gettext_lazy("the same")),
    "changed": ("≠", gettext_lazy("changed")),
    "removed": ("−", gettext_lazy("removed")),
    "added": ("+", gettext_lazy("added")),
}
# What the groups of settings are called by people; others by the key itself.
GROUPS: Final[dict[str, str | Promise]] = {
    "Env": gettext_lazy("Environment"),
    "Labels": gettext_lazy("Labels"),
    "ExposedPorts": gettext_lazy("Ports"),
    "Volumes": gettext_lazy("Volumes"),
    "Entrypoint": gettext_lazy("Entrypoint"),
    "Cmd": gettext_lazy("Command"),
    "User": gettext_lazy("User"),
    "WorkingDir": gettext_lazy("Working directory"),
    "author": gettext_lazy("Author"),
    "StopSignal": gettext_lazy("Stop signal"),
    "Healthcheck": gettext_lazy("Health check"),
    "Shell": gettext_lazy("Shell"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A layer of either side, or of both. `grown`: bytes more than before, None for one that is only on one side."""

    kind: str
    sign: str
    word: str
    old: Step | None
    new: Step | None
    grown: int | None

    @property
    def shown(self) -> Step | None:
        return self.new or self.old

    @property
    def made(self) -> Instruction:
        """By what, as the tab of layers has it."""
        return instruction(self.shown.command if self.shown else "")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that stand together; `folded`: what is said in their place, "" where they are shown."""

    lines: tuple[Line, ...]
    folded: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A setting that differs. `old`, `new`: None where that side does not have it."""

    group: str
    name: str
    old: str | None
    new: str | None
    sign: str
    word: str


@dataclass(frozen=True, slots=True)
class Figures:
    """`grown`: of the compressed size, in bytes; `layers`: in words; `platforms`: those that came (+) and went (−)."""

    size_before: int
    size: int
    grown: int
    layers: str
    added: int
    removed: int
    platforms: tuple[str, ...]


def figures(found: Comparison) -> Figures | None:
    """None where nothing was compared."""
    if found.was is None or found.now is None:
        return None
    made = [each for each in found.layers if (each.new or each.old or _NOTHING).digest is not None]
    numbers = {kind: sum(each.kind == kind for each in made) for kind in SIGNS}
    return Figures(
        size_before=found.was.size,
        size=found.now.size,
        grown=found.now.size - found.was.size,
        layers=_layers_text(numbers["same"], len(made)),
        added=numbers["added"] + numbers["changed"],
        removed=numbers["removed"] + numbers["changed"],
        platforms=_platforms(found),
    )


def stretches(differences: Sequence[Difference], *, unfolded: bool) -> tuple[Stretch, ...]:
    """The layers; long runs of what is alike are folded unless `unfolded`."""
    return tuple(_stretches([_line(each) for each in differences], unfolded))


def settings(found: Iterable[Setting]) -> tuple[Told, ...]:
    """What differs, with the values of what looks secret hidden."""
    return tuple(_told(each) for each in found)


_NOTHING: Final = Step(0, None, 0, "")


def _stretches(lines: Sequence[Line], unfolded: bool) -> Iterator[Stretch]:
    for is_same, run in groupby(lines, key=lambda line: line.kind == "same"):
        together = tuple(run)
        if is_same and not unfolded and len(together) >= FOLDED_FROM:
            yield Stretch(together, _folded(together))
        else:
            yield Stretch(together)


def _folded(lines: Sequence[Line]) -> str:
    size = size_text(sum(line.shown.size for line in lines if line.shown))
    text = ngettext(
        "%(count)s line is the same, %(size)s", "%(count)s lines are the same, %(size)s", len(lines)
    )
    return text % {"count": len(lines), "size": size}


def _line(each: Difference) -> Line:
    sign, word = SIGNS[each.kind]
    grown = each.new.size - each.old.size if each.old and each.new else None
    return Line(each.kind, sign, str(word), each.old, each.new, grown)


def _told(each: Setting) -> Told:
    kind = "added" if each.old is None else "removed" if each.new is None else "changed"
    sign, word = SIGNS[kind]
    old, new = (HIDDEN if each.is_secret and value else value for value in (each.old, each.new))
    return Told(str(GROUPS.get(each.group, each.group)), each.name, old, new, sign, str(word))


def _layers_text(same: int, whole: int) -> str:
    text = ngettext(
        "%(same)s of %(count)s layer is the same", "%(same)s of %(count)s layers are the same", whole
    )
    return text % {"same": same, "count": whole}


def _platforms(found: Comparison) -> tuple[str, ...]:
    ours, theirs = (tuple(side.parts) if side else () for side in (found.old, found.new))
    came = [f"+ {each}" for each in theirs if each and each not in ours]
    went = [f"− {each}" for each in ours if each and each not in theirs]
    return (*came, *went)


def nothing_text(found: Comparison) -> str:
    """Why there is nothing to see though both are there."""
    if found.platform:
        return _("One of the two has nothing for %(platform)s.") % {"platform": found.platform}
    return _("One of the two is an index without anything that could be compared.")
