"""What an artifact is, in one word for people: IMAGE, CHART, CNAB, WASM … (the words of Harbor's API)."""

from __future__ import annotations

import re

from core.oci.media_types import IMAGE_CONFIGS, INDEXES

IMAGE = "IMAGE"
UNKNOWN = "UNKNOWN"
CONFIGS = {
    "application/vnd.cncf.helm.config.v1+json": "CHART",
    "application/vnd.cnab.config.v1+json": "CNAB",
    "application/vnd.wasm.config.v1+json": "WASM",
    "application/vnd.wasm.config.v0+json": "WASM",
}
WORD = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,63}", re.ASCII)
# application/vnd.<organisation>.<word>.config.<version>+json
_NAMED = re.compile(r"application/vnd\.[^.]*\.(.*)\.config\.[^.]*\+json", re.ASCII)


def artifact_type(media_type: str, config_type: str) -> str:
    """The word for a manifest of `media_type` whose config is of `config_type`; UNKNOWN where neither says it."""
    if media_type in INDEXES or config_type in IMAGE_CONFIGS:
        return IMAGE
    named = _NAMED.fullmatch(config_type)
    return CONFIGS.get(config_type) or (named[1].upper() if named and named[1] else UNKNOWN)


# As _NAMED, for PostgreSQL.
ANY_NAMED = r"^application/vnd\.[^.]*\..+\.config\.[^.]*\+json$"


def config_pattern(word: str) -> str:
    """A regular expression for the config types that are called `word`, in any case of letters, for PostgreSQL."""
    return rf"^application/vnd\.[^.]*\.{re.escape(word)}\.config\.[^.]*\+json$"
