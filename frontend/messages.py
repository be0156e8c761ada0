"""What the domain says, in the language of a page. Its errors and explanations stay in English, as the API gives them.

A message with something in it ("no project 'team'") is found by its form among those of FORMS; where it is none of them it
stays as it is, which is better than nothing. What stands in it is put into the translation as it came, but for words of ours.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from django.utils.translation import get_language, gettext

from frontend.domain_words import FORMS

MAX_LENGTH: Final = 500
# Neither holds a comma, so that none is taken for the end of another sentence.
SHAPES: Final = {"permission": "[a-z:-]+", "role": "[a-z0-9 ]+?"}
# Placeholders of these names hold words of the domain, not names somebody gave.
WORDS: Final = frozenset({"role", "who", "what", "where", "by", "kind", "needs", "job"})

_PLACE = re.compile(r"%\((\w+)\)s")


def said(message: str) -> str:
    """The message in the language of the page, without a change of its beginning or end."""
    if not message or get_language() in (None, "en") or len(message) > MAX_LENGTH:
        return message
    plain = gettext(message)
    if plain != message:
        return plain
    for form, pattern in _forms():
        if match := pattern.fullmatch(message):
            return gettext(form) % {name: _part(name, text) for name, text in match.groupdict().items()}
    return message


def _part(name: str, text: str) -> str:
    if name not in WORDS:
        return text
    # Several sentences of one kind in a row, as of a password that breaks two rules.
    for separator in ("; ", ", "):
        parts = text.split(separator)
        translated = [said(each) for each in parts]
        if all(one != other for one, other in zip(parts, translated, strict=True)):
            return separator.join(translated)
    return text


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Those with something in them; the one with the most words of its own first, so that it is not taken for another."""
    with_places = sorted((form for form in FORMS if _PLACE.search(form)), key=_own_length, reverse=True)
    return tuple((form, re.compile(_expression(form), re.DOTALL)) for form in with_places)


def _own_length(form: str) -> int:
    return len(_PLACE.sub("", form))


def _expression(form: str) -> str:
    parts = _PLACE.split(form)
    return "".join(
        f"(?P<{part}>{SHAPES.get(part, '.*?')})" if at % 2 else re.escape(part.replace("%%", "%"))
        for at, part in enumerate(parts)
    )
