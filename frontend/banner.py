"""What stands over every page: that nothing can be changed now, and what an administrator tells everybody."""

from __future__ import annotations

import json

from django.utils.translation import gettext as _

from config import current
from config.catalogue.contents import BANNER_MESSAGE, READ_ONLY
from database.transactions import TRY_AGAIN


def banners() -> list[str]:
    """A line each; none while the database is away."""
    try:
        is_read_only, said = current.get(READ_ONLY), current.get(BANNER_MESSAGE)
    except TRY_AGAIN:
        return []
    told = _("The registry is in read-only mode: pulls go on, pushes and deletions do not.")
    return [each for each in (told if is_read_only else "", _message(said)) if each]


def _message(said: str) -> str:
    """The text of the setting, of Harbor's form its message."""
    if not said.startswith("{"):
        return said
    message: str = json.loads(said)["message"]
    return message
