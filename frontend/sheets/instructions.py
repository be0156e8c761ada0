"""A line of an image's history as its Dockerfile had it: builders write it in four ways and none of them as it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from frontend.sheets.texts import readable

KEYWORDS: Final = frozenset(
    [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
        "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ]
)  # fmt: skip
_NOP: Final = re.compile(r"^(?:/bin/(?:ba)?sh -c|cmd /S /C|powershell -Command) +#\(nop\) +", re.ASCII)
_SHELL: Final = re.compile(r"^(?:/bin/(?:ba|a)?sh -[a-z]*c|cmd /S /C|powershell -Command) ", re.ASCII)
_ARGUMENTS: Final = re.compile(r"^\|\d+ .*?(/bin/(?:ba|a)?sh -[a-z]*c )", re.ASCII | re.DOTALL)
_BUILDKIT: Final = "# buildkit"
_PORT: Final = re.compile(r"[^\s\[\]:]+(?=:\{\})")


@dataclass(frozen=True, slots=True)
class Instruction:
    """`keyword`: "" for what no builder writes."""

    keyword: str
    rest: str

    @property
    def text(self) -> str:
        return f"{self.keyword} {self.rest}".strip()


def instruction(command: str) -> Instruction:
    """Of what the history says made a layer."""
    text = readable(command).strip().removesuffix(_BUILDKIT).rstrip()
    if (bare := _NOP.sub("", text)) != text:
        return _said(bare) or Instruction("", bare)
    if found := _said(text):
        return Instruction("RUN", _shell(found.rest)) if found.keyword == "RUN" else found
    if (run := _shell(text)) != text:
        return Instruction("RUN", run)
    return Instruction("", text)


def broken(each: Instruction) -> str:
    """On several lines where it is a chain of commands, as people write it."""
    if each.keyword != "RUN" or len(each.text) < 80:
        return each.text
    return " \\\n && ".join(part.strip() for part in each.text.split("&&"))


def _said(text: str) -> Instruction | None:
    word, _space, rest = text.partition(" ")
    return Instruction(word, _plain(rest.strip())) if word in KEYWORDS else None


def _plain(rest: str) -> str:
    """Lists as Dockerfiles have them: builders write them as their own language does."""
    if rest.startswith("map[") and (ports := _PORT.findall(rest)):
        return " ".join(ports)
    return rest.replace('" "', '", "') if rest.startswith('["') and rest.endswith('"]') else rest


def _shell(text: str) -> str:
    """Without the shell that ran it, and the arguments it was given."""
    return _SHELL.sub("", _ARGUMENTS.sub(r"\1", text)).strip()
