"""How long a new key lives: what its maker wants, within what the settings allow."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import ExpressionWrapper, Value
from django.db.models.expressions import Combinable
from django.db.models.fields import DateTimeField
from django.db.models.functions import Now

from config import current
from config.catalogue.setting import Setting
from core.errors import InvalidInput

FOR_EVER: Final = -1
MOST_DAYS: Final = 3650


def days_to_live(wanted: int | None, default: Setting[int], maximum: Setting[int]) -> int | None:
    """The days a new key lives; None for ever. `wanted`: None for the default (at most the maximum), -1 for ever.

    Raises InvalidInput.
    """
    most = current.get(maximum)
    if wanted is None:
        usual = current.get(default)
        return usual if most == FOR_EVER else min(usual, most)
    if wanted == FOR_EVER and most == FOR_EVER:
        return None
    bound = MOST_DAYS if most == FOR_EVER else most
    if not 1 <= wanted <= bound:
        for_ever = f", or {FOR_EVER} for ever" if most == FOR_EVER else f" ({maximum.key})"
        raise InvalidInput(f"a key may live 1 to {bound} days{for_ever}")
    return wanted


def expires_after(days: int | None) -> Combinable | None:
    """The time of expiry as the database will see it; None for never."""
    if days is None:
        return None
    return ExpressionWrapper(Now() + Value(timedelta(days=days)), output_field=DateTimeField())
