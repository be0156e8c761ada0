"""What the address of an artifact's page asks for, and the addresses of its other views: each is a link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest

from accounts.preferences import TOOLS
from frontend import preferences

TABS: Final = ("overview", "readme", "values", "layers", "referrers", "manifest", "history")
# The parameter -> what it may be; the first is what it is without it.
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "tab": TABS,
    "by": ("tag", "digest"),
    "view": ("table", "dockerfile"),
    "empty": ("folded", "shown"),
    "document": ("manifest", "index", "config"),
}
# What belongs to one tab is left behind when somebody goes to another one.
OF_TAB: Final = ("view", "empty", "document")
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """One value of its list each. `platform`: as it was asked for, there or not; `tool`: "" as the preference says."""

    path: str
    tab: str = "overview"
    by: str = "tag"
    view: str = "table"
    empty: str = "folded"
    document: str = "manifest"
    platform: str = ""
    tool: str = ""

    def link(self, **changes: str) -> str:
        """The address of the same page with that changed."""
        if "tab" in changes:
            changes = {name: CHOICES[name][0] for name in OF_TAB} | changes
        other = replace(self, **changes)
        told = {name: getattr(other, name) for name in (*CHOICES, "platform", "tool")}
        wanted = {name: value for name, value in told.items() if value and value != _usual(name)}
        return f"{self.path}?{urlencode(wanted, safe='/')}" if wanted else self.path

    @property
    def chosen_tool(self) -> str:
        return self.tool or preferences.active().tool


def asked(request: HttpRequest) -> Asked:
    """What it is not is left out."""
    found = {name: request.GET.get(name, "") for name in CHOICES}
    known = {name: value for name, value in found.items() if value in CHOICES[name]}
    tool = request.GET.get("tool", "")
    platform = request.GET.get("platform", "")
    return Asked(
        path=request.path,
        platform=platform if len(platform) <= LONGEST and platform.isprintable() else "",
        tool=tool if tool in TOOLS else "",
        **known,
    )


def _usual(name: str) -> str:
    return CHOICES[name][0] if name in CHOICES else ""
