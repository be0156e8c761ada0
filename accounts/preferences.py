"""How somebody likes the pages: a few choices, kept with the account or, of who has none, in a cookie.

What is stored may be older or newer than this code: what it does not know is left out, and the usual takes its place.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Final

from core.errors import InvalidInput

LANGUAGES: Final = ("", "en", "zh-hans")
THEMES: Final = ("auto", "light", "dark")
TIMES: Final = ("relative", "absolute")
SIZES: Final = ("binary", "decimal")
DENSITIES: Final = ("normal", "dense")
ROWS: Final = ("25", "50", "100")
SHORTCUTS: Final = ("on", "off")
TOOLS: Final = (
    "docker", "podman", "nerdctl", "crictl", "ctr", "skopeo", "helm", "oras", "k8s", "dockerfile", "cosign", "curl",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preferences:
    """One value of its list for each. `language` "": as the browser asks. `time_zone`: an IANA name."""

    language: str = ""
    theme: str = "auto"
    time_zone: str = "UTC"
    times: str = "relative"
    sizes: str = "binary"
    tool: str = "docker"
    rows: str = "50"
    density: str = "normal"
    shortcuts: str = "on"

    def as_dict(self) -> dict[str, str]:
        """Only what is not as usual."""
        return {name: value for name, value in asdict(self).items() if value != getattr(USUAL, name)}


USUAL: Final = Preferences()


@cache
def time_zones() -> tuple[str, ...]:
    """Names as people choose them, sorted."""
    found = zoneinfo.available_timezones()
    return (*sorted(name for name in found if "/" in name and not name.startswith("Etc/")), "UTC")


def choices(name: str) -> tuple[str, ...]:
    """What the preference of that name may be."""
    return time_zones() if name == "time_zone" else CHOICES[name]


CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "language": LANGUAGES,
    "theme": THEMES,
    "times": TIMES,
    "sizes": SIZES,
    "tool": TOOLS,
    "rows": ROWS,
    "density": DENSITIES,
    "shortcuts": SHORTCUTS,
}
NAMES: Final = tuple(asdict(USUAL))


def stored(found: Mapping[str, Any]) -> Preferences:
    """Those of a row or a cookie; the usual for what is not of this list."""
    known = {name: found[name] for name in NAMES if found.get(name, 0) in choices(name)}
    return Preferences(**known)


def wanted(given: Mapping[str, str]) -> dict[str, str]:
    """What somebody chose. Raises InvalidInput for a name or a value that is none of ours."""
    for name, value in given.items():
        if name not in NAMES or value not in choices(name):
            raise InvalidInput(f"'{name}' cannot be that: choose one of those on the page")
    return dict(given)
