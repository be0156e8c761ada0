"""A long text that several people may be writing at once: a README, what a project is for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _


@dataclass(slots=True)
class Written:
    """As it was typed. `was`: the mark of the text it began from; `mistakes`: a sentence each; `clashes`: somebody else has
    saved another text since then; `is_looked_at`: to be shown as it would be, not saved.
    """

    text: str
    was: str
    is_looked_at: bool = False
    clashes: bool = False
    mistakes: list[str] = field(default_factory=list)

    @classmethod
    def begun(cls, text: str) -> Written:
        """The form before anybody typed."""
        return cls(text, mark(text))

    @classmethod
    def of(cls, sent: Mapping[str, str], now: str, most: int) -> Written:
        """`now`: the text that is saved; `most`: so many characters may be."""
        # Browsers end lines as mail does.
        text = sent.get("text", "").replace("\r\n", "\n").replace("\0", "")
        form = cls(text, mark(now), "preview" in sent, sent.get("was") != mark(now))
        if len(text) > most:
            told = _("It is too long: at most %(most)s characters, and this has %(count)s.")
            form.mistakes.append(told % {"most": most, "count": len(text)})
        if form.clashes:
            form.mistakes.append(
                _("Somebody saved another text meanwhile. Save again to put yours in its place.")
            )
        return form

    @property
    def may_be_saved(self) -> bool:
        return not self.is_looked_at and not self.mistakes


def mark(text: str) -> str:
    """Tells one text from another, in so few characters that it fits beside it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
