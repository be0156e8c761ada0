"""What two images differ in: their layers in order, and what their configurations say. Pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from core.oci.digest import Digest

# Aligning costs the third power of both where somebody means it to; beyond it the rest is told as gone and come.
MOST_ALIGNED: Final = 256
MOST_SHOWN: Final = 2_000
_SECRET: Final = re.compile(
    r"pass(word|wd|phrase)?|secret|token|credential|api[_-]?key|private[_-]?key|access[_-]?key|auth(?!or)",
    re.ASCII | re.IGNORECASE,
)
# What an image is run with: the key in its configuration.
_FIELDS: Final = ("User", "WorkingDir", "StopSignal", "Shell", "Healthcheck")
_LISTS: Final = ("Entrypoint", "Cmd")
_SETS: Final = ("ExposedPorts", "Volumes")


@dataclass(frozen=True, slots=True)
class Step:
    """A line of an image's history. `number`: from 1; `digest` None and `size` (bytes) 0 where it made no layer."""

    number: int
    digest: Digest | None
    size: int
    command: str


@dataclass(frozen=True, slots=True)
class Difference:
    """`kind`: "same", "changed" (the same command made another layer), "removed" or "added": of these one side is None."""

    kind: str
    old: Step | None
    new: Step | None


@dataclass(frozen=True, slots=True)
class Setting:
    """Something the configurations say otherwise. `group`: "Env", "Labels" or the key; `name` within it, "" where it is one.

    `old`, `new`: None where only the other one says it. `is_secret`: its name looks so, and nobody is shown the values.
    """

    group: str
    name: str
    old: str | None
    new: str | None
    is_secret: bool = False


def looks_secret(name: str) -> bool:
    """Whether what is called so is better not shown to whoever passes by."""
    return _SECRET.search(name) is not None


def layers(old: Sequence[Step], new: Sequence[Step]) -> list[Difference]:
    """Both in one order: what they share from the bottom on, then what one has and the other has not."""
    start = _shared(old, new)
    same = [Difference("same", old[at], new[at]) for at in range(start)]
    return [*same, *_aligned(old[start:], new[start:])]


def settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Setting]:
    """What the two configurations say otherwise, by group and name."""
    ahead, then = _told(old), _told(new)
    keys = sorted(key for key in ahead.keys() | then.keys() if ahead.get(key) != then.get(key))
    return [
        Setting(group, name, ahead.get((group, name)), then.get((group, name)), looks_secret(name))
        for group, name in keys[:MOST_SHOWN]
    ]


def _shared(old: Sequence[Step], new: Sequence[Step]) -> int:
    both = zip(old, new, strict=False)
    return next(
        (at for at, (one, other) in enumerate(both) if _key(one) != _key(other)), min(len(old), len(new))
    )


def _aligned(old: Sequence[Step], new: Sequence[Step]) -> Iterator[Difference]:
    if max(len(old), len(new)) > MOST_ALIGNED:
        yield from _replaced(old, new)
        return
    matcher = SequenceMatcher(
        None, [_key(each) for each in old], [_key(each) for each in new], autojunk=False
    )
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            yield from (Difference("same", *pair) for pair in zip(old[i:j], new[k:m], strict=True))
        else:
            yield from _rebuilt(old[i:j], new[k:m])


def _rebuilt(old: Sequence[Step], new: Sequence[Step]) -> Iterator[Difference]:
    """A stretch without a common layer: the same command is the same step, done again."""
    matcher = SequenceMatcher(None, _commands(old, "old"), _commands(new, "new"), autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            yield from (Difference("changed", *pair) for pair in zip(old[i:j], new[k:m], strict=True))
        else:
            yield from _replaced(old[i:j], new[k:m])


def _replaced(old: Sequence[Step], new: Sequence[Step]) -> Iterator[Difference]:
    yield from (Difference("removed", each, None) for each in old)
    yield from (Difference("added", None, each) for each in new)


def _key(step: Step) -> object:
    return step.digest or step.command


def _commands(steps: Sequence[Step], side: str) -> list[object]:
    """Without a command it is like no other."""
    return [step.command or (side, step.number) for step in steps]


def _told(document: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """What a configuration says, by (group, name): of an image what it runs, of anything else its plain members."""
    run = document.get("config")
    if not isinstance(run, dict):
        return {("", str(key)): text for key, value in document.items() if (text := _text(value))}
    told: dict[tuple[str, str], str] = {}
    for key in ("author", "os.version", *_FIELDS, *_LISTS):
        if text := _text(document.get(key) or run.get(key)):
            told[key, ""] = text
    for key in _SETS:
        told |= {(key, str(name)): "" for name in _members(run.get(key))}
    told |= {("Labels", str(name)): _text(value) for name, value in _members(run.get("Labels")).items()}
    return told | _environment(run.get("Env"))


def _environment(given: object) -> dict[tuple[str, str], str]:
    pairs = (
        (each.partition("=") for each in given if isinstance(each, str)) if isinstance(given, list) else ()
    )
    return {("Env", name): value for name, _equals, value in pairs}


def _members(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value in (None, [], {}) else json.dumps(value, ensure_ascii=False)
