"""Repository and project names (OCI distribution specification, "Pulling manifests": `<name>`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import NameInvalid
from core.oci.quoting import quoted

if TYPE_CHECKING:
    from typing import Self

MAX_NAME_LENGTH = 255
_COMPONENT_PATTERN = r"[a-z0-9]+(?:(?:\.|__|_|-+)[a-z0-9]+)*"
_COMPONENT = re.compile(_COMPONENT_PATTERN, re.ASCII)
_NAME = re.compile(rf"{_COMPONENT_PATTERN}(?:/{_COMPONENT_PATTERN})*", re.ASCII)
_OUTSIDE_ALPHABET = re.compile(r"[^a-z0-9._-]")
_SEPARATORS_AT_AN_END = re.compile(r"[._-].*|.*[._-]")
_SEPARATORS_TOGETHER = re.compile(r"[._-]{2,}")
_RULE = "lower-case letters and digits, joined by single '.', '_', '__' or any number of '-'"


@dataclass(frozen=True, slots=True)
class ProjectName:
    """The name of a project: one component of the repository grammar, 1 to 255 characters."""

    value: str

    def __str__(self) -> str:
        return self.value

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises NameInvalid, saying which character breaks which rule."""
        _check_length(text, "project name")
        if not _COMPONENT.fullmatch(text):
            raise NameInvalid(f"project name {quoted(text)}: {_component_fault(text)}")
        return cls(text)


@dataclass(frozen=True, slots=True)
class RepositoryName:
    """The full name of a repository, `project/path`; a one-component name parses and is `is_bare`."""

    value: str

    def __str__(self) -> str:
        return self.value

    @property
    def project(self) -> str:
        """The first component: the name of the project."""
        return self.value.partition("/")[0]

    @property
    def path(self) -> str:
        """What follows the project, without the slash; "" for a bare name."""
        return self.value.partition("/")[2]

    @property
    def is_bare(self) -> bool:
        """True when the name has one component and so names no repository of a project."""
        return "/" not in self.value

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises NameInvalid, saying which component and which character breaks which rule."""
        _check_length(text, "repository name")
        if not _NAME.fullmatch(text):
            raise NameInvalid(_repository_fault(text))
        return cls(text)


def check_external(name: RepositoryName, host: str) -> None:
    """Refuse a new name that many clients could not use, as they cap `host[:port]/name` at 255 characters.

    `host` is the external host, with its port when clients write one. Raises NameInvalid.
    """
    room = MAX_NAME_LENGTH - len(host) - 1
    if len(name.value) > room:
        raise NameInvalid(
            f"repository name {quoted(name.value)} has {len(name.value)} characters: "
            f"with {host}/ in front clients accept at most {room}"
        )


def _check_length(text: str, what: str) -> None:
    if not text:
        raise NameInvalid(f"the {what} is empty")
    if len(text) > MAX_NAME_LENGTH:
        raise NameInvalid(f"{what} {quoted(text)} has {len(text)} characters, the limit is {MAX_NAME_LENGTH}")


def _repository_fault(text: str) -> str:
    components = text.split("/")
    for number, component in enumerate(components, start=1):
        if not _COMPONENT.fullmatch(component):
            where = f"component {number} of {len(components)}"
            return f"repository name {quoted(text)}: {where}: {_component_fault(component)}"
    raise AssertionError("a name whose components are all legal is legal")


def _component_fault(component: str) -> str:
    if not component:
        return "is empty (a leading, trailing or doubled '/')"
    outside = _OUTSIDE_ALPHABET.search(component)
    if outside:
        hint = " (names are lower case)" if outside[0].isascii() and outside[0].isupper() else ""
        return f"{quoted(outside[0])} at position {outside.start()} is not allowed{hint}; use {_RULE}"
    if _SEPARATORS_AT_AN_END.fullmatch(component):
        return f"{quoted(component)} must start and end with a letter or digit; use {_RULE}"
    clash = next(found for found in _SEPARATORS_TOGETHER.finditer(component) if not _legal_run(found[0]))
    return f"separators {quoted(clash[0])} at position {clash.start()} may not stand together; use {_RULE}"


def _legal_run(separators: str) -> bool:
    return separators == "__" or set(separators) == {"-"}
