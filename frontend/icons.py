"""The icons that pages show: names of Tabler's outline icons. frontend.vendoring makes one sprite of them.

`wharf` is our own mark. Another icon is one more line here, and `bin/up` (or any of bin/) makes the sprite again.
"""

from __future__ import annotations

from typing import Final

MARK: Final = "wharf"
NAMES: Final[frozenset[str]] = frozenset(
    [
        "activity",
        "adjustments",
        "alert-triangle",
        "arrow-down",
        "arrow-up",
        "ban",
        "bell",
        "brightness",
        "broadcast",
        "chart-treemap",
        "check",
        "chevron-down",
        "chevron-left",
        "chevron-right",
        "circle",
        "circle-check",
        "circle-x",
        "clock",
        "columns",
        "copy",
        "cpu",
        "dashboard",
        "device-desktop",
        "device-floppy",
        "dots-vertical",
        "download",
        "external-link",
        "eye",
        "file-text",
        "filter",
        "fingerprint",
        "folders",
        "git-compare",
        "help-circle",
        "history",
        "home",
        "info-circle",
        "key",
        "keyboard",
        "language",
        "layout-dashboard",
        "link",
        "list-check",
        "loader-2",
        "lock",
        "lock-open",
        "login-2",
        "logout",
        "menu-2",
        "moon",
        "package",
        "pencil",
        "player-play",
        "player-stop",
        "plus",
        "recycle",
        "refresh",
        "robot",
        "rosette-discount-check",
        "search",
        "server",
        "settings",
        "shield",
        "shield-check",
        "stack-2",
        "star",
        "sun",
        "switch-horizontal",
        "tag",
        "tags",
        "terminal-2",
        "trash",
        "upload",
        "user",
        "user-plus",
        "users",
        "webhook",
        "world",
        "x",
    ]
)
# Three crates on a quay.
MARK_SHAPE: Final = (
    '<path d="M13 3h7a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z"/>'
    '<path d="M4 10h7a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1zm10 0h6a1 1 0 0 1 1 1v4a1 1 0 0 '
    '1-1 1h-6a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1z" opacity=".7"/>'
    '<path d="M3 18h18v1.2a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z"/>'
)
