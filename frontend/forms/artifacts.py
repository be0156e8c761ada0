"""What is typed about one artifact: a further tag, and where it is copied to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from core.errors import InvalidInput
from core.oci.names import RepositoryName
from core.oci.reference import Tag


@dataclass(slots=True)
class NewTag:
    """As it was typed. `mistakes`: by field, a sentence each."""

    name: str = ""
    mistakes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> NewTag:
        form = cls(sent.get("name", "").strip())
        try:
            Tag.parse(form.name)
        except InvalidInput:
            form.mistakes["name"] = _(
                "Up to 128 letters, digits, and . _ - between them; it begins with a letter, a digit or _."
            )
        return form


@dataclass(slots=True)
class Destination:
    """A repository to copy to, as it was typed."""

    repository: str = ""
    mistakes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Destination:
        form = cls(sent.get("repository", "").strip())
        try:
            is_bare = "/" not in str(RepositoryName.parse(form.repository))
        except InvalidInput:
            is_bare = True
        if is_bare:
            form.mistakes["repository"] = _(
                "A project and a repository in it, as in team/app: lower-case letters, digits, and . _ - between them."
            )
        return form
