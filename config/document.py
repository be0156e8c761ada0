"""The catalogue as a section of docs/settings.md: `python -m config.document docs/settings.md` renews it in place."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from config.catalogue import CATALOGUE
from config.catalogue.setting import Section, Setting

BEGIN: Final = "<!-- Generated from config/catalogue/ by `python -m config.document docs/settings.md`. -->"
END: Final = "<!-- End of the generated section. -->"


def renewed(page: str) -> str:
    """The page with its generated section renewed. Raises ValueError when it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no generated section")
    return f"{before}{BEGIN}\n\n{section()}\n{END}{after}"


def section() -> str:
    """Tables of all settings, one per section."""
    return "\n".join(line for each in Section for line in _table(each))


def _table(section: Section) -> list[str]:
    found = [setting for setting in CATALOGUE.values() if setting.section is section]
    return [
        f"### {section}",
        "",
        "| Setting | Values | Default | Meaning |",
        "|---|---|---|---|",
        *(_row(setting) for setting in found),
        "",
    ]


def _row(setting: Setting[Any]) -> str:
    default = setting.kind.write(setting.default)
    text = ", ".join(map(str, default)) if isinstance(default, list) else str(default)
    shown = f"`{text.lower() if isinstance(default, bool) else text}`" if text else "none"
    secret = " Stored sealed, never shown." if setting.secret else ""
    return f"| `{setting.key}` | {setting.kind.takes} | {shown} | {setting.description}{secret} |"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
