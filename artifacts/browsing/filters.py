"""What the tags of a repository can be narrowed by, under the names by which addresses and jobs know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db.models import QuerySet

from artifacts.browsing import tags
from artifacts.places import Located
from core.errors import InvalidInput

Tags = QuerySet[Any]
Values = Sequence[str]

BY_NAME: Final[dict[str, Callable[[Tags, Located, Values], Tags]]] = {
    "q": lambda found, _place, values: tags.matching(found, values[0]),
    "platform": lambda found, _place, values: tags.on_platforms(found, values),
    "label": lambda found, _place, values: tags.labelled(found, [int(value) for value in values]),
    "signed": lambda found, _place, values: tags.signed(found, values[0] == "yes"),
    "immutable": lambda found, place, values: tags.immutable(found, place, values[0] == "yes"),
    "pushed": lambda found, _place, values: tags.pushed_within(found, int(values[0])),
    "idle": lambda found, _place, values: tags.not_pulled_for(found, int(values[0])),
    "type": lambda found, _place, values: tags.of_type(found, values[0]),
}


def narrowed(found: Tags, place: Located, filters: Mapping[str, Values]) -> Tags:
    """Those that all of the filters leave. Raises InvalidInput for a filter or a value that is none of these."""
    for name, values in filters.items():
        if name not in BY_NAME or not values:
            raise InvalidInput(f"tags are not filtered by {name!r}")
        try:
            found = BY_NAME[name](found, place, values)
        except (ValueError, KeyError) as error:
            raise InvalidInput(f"tags are not filtered by {name}={values[0]!r}") from error
    return found
