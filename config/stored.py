"""Rows of the table as values of the catalogue, and back. A secret is sealed for its own row (core.sealing)."""

from __future__ import annotations

from typing import Any, TypeVar

from django.conf import settings

from config.catalogue.setting import Setting
from config.kinds import Unacceptable
from core.sealing import Sealer

T = TypeVar("T")


def encode(setting: Setting[T], value: T) -> Any:
    """The JSON a row keeps."""
    written = setting.kind.write(value)
    return {"sealed": sealer().seal(context(setting.key), written)} if setting.secret else written


def decode(setting: Setting[T], stored: Any) -> T:
    """The value of a row. Raises Unacceptable (written by another version, or by hand), SealBroken, SealMisplaced."""
    if not setting.secret:
        return setting.kind.read(stored)
    if not isinstance(stored, dict) or not isinstance(stored.get("sealed"), str):
        raise Unacceptable("is not sealed")
    return setting.kind.read(sealer().unseal(context(setting.key), stored["sealed"]).decode())


def sealer() -> Sealer:
    return Sealer([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])


def context(key: str) -> str:
    """What a secret is bound to: moved to another row it does not open."""
    return f"setting:value:{key}"
