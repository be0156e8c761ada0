"""Conditions in SQL that several lists narrow their rows by."""

from __future__ import annotations

from typing import Final

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from core.oci.artifact_type import CONFIGS, IMAGE
from core.oci.media_types import IMAGE_CONFIGS

_CONFIGS: Final = {
    word: tuple(name for name, called in CONFIGS.items() if called == word) for word in CONFIGS.values()
} | {IMAGE: tuple(sorted(IMAGE_CONFIGS))}


def has_config(table: str, word: str) -> str:
    """Whether the artifact's config is of a type that is called so: "IMAGE", "CHART", "WASM" … (core.oci.artifact_type)."""
    names = ", ".join(f"'{name}'" for name in _CONFIGS[word])
    return f"{table}.config_type IN ({names})"


def holds(text: str, *values: object) -> RawSQL:
    """`text` is put together from constants of ours alone; what somebody asked for goes into `values`."""
    return RawSQL(text, values, output_field=BooleanField())  # noqa: S611 - constants of this package, see above
