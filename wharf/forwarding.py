"""The settings of forwarding as the shipper reads them: two statements, no models, nothing that opens secrets."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from audit.forward.target import Target
from config import forwarding
from config.catalogue.setting import Setting
from config.kinds import Unacceptable
from core.errors import SettingUnreadable
from database import sql
from database.arrays import array

_ROWS = "SELECT key, value::text FROM setting WHERE key = ANY(%s::text[])"


def target() -> Target | None:
    """Where to forward to, None for nowhere. Raises DatabaseError; SettingUnreadable rather than stop for a damaged row."""
    stored: dict[str, str] = dict(sql.rows(_ROWS, [array(setting.key for setting in forwarding.KEYS)]))

    def get(setting: Setting[Any]) -> Any:
        if setting.key in settings.WHARF_SETTING_LOCKS:
            return settings.WHARF_SETTING_LOCKS[setting.key]
        if setting.key not in stored:
            return setting.default
        try:
            return setting.kind.read(json.loads(stored[setting.key]))
        except Unacceptable as wrong:
            raise SettingUnreadable(setting.key, str(wrong)) from None

    return forwarding.target(get)
