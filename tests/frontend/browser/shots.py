"""Pictures of every page, for people to look at: `bin/shots [folder [part of a name…]]`. A server of its own, a year old.

The folder's index.html shows each page in all its looks beside each other.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.server import Wharf
from tests.frontend.browser.looks import Look, shot, watched
from tests.frontend.browser.seeded import seed
from tests.frontend.browser.stocked import stock
from tests.frontend.browser.subjects import SUBJECTS, Subject

WIDTHS = (1440, 768, 390)
SCHEMES = ("light", "dark")
LANGUAGES = ("en", "zh-CN")


def looks() -> Iterator[Look]:
    for width, scheme, language in product(WIDTHS, SCHEMES, LANGUAGES):
        yield Look(width, scheme, language)


def take(
    browser: Browser, server: Wharf, folder: Path, subjects: Sequence[Subject], digest: str
) -> list[str]:
    """All pictures into the folder; what the browser complained of meanwhile. `digest`: of an image to look at."""
    complaints = []
    for look in looks():
        with watched(browser, server, look) as found:
            is_signed_in = False
            for subject in subjects:
                if subject.as_admin and not is_signed_in:
                    found.sign_in()
                    is_signed_in = True
                found.go(subject.path.format(digest=digest))
                shot(found.page, folder / _name(subject, look))
            complaints += [f"{look}: {text}" for text in found.complaints]
    (folder / "index.html").write_text(_contact_sheet(subjects), encoding="utf-8")
    return complaints


def _name(subject: Subject, look: Look) -> str:
    return f"{subject.name}-{look.scheme}-{look.width}-{look.language[:2]}.png"


def _contact_sheet(subjects: Sequence[Subject]) -> str:
    pictures = (
        f"<h2>{subject.name}</h2><p>{''.join(_figure(_name(subject, look), look) for look in looks())}</p>"
        for subject in subjects
    )
    return f'<!doctype html><meta charset="utf-8"><title>Pages</title>{"".join(pictures)}'


def _figure(name: str, look: Look) -> str:
    return f'<a href="{name}"><img src="{name}" alt="{name}" width="{look.width // 4}" loading="lazy"></a> '


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/shots")
    wanted = sys.argv[2:]
    subjects = [each for each in SUBJECTS if not wanted or any(part in each.name for part in wanted)]
    # A folder of its own: outside of a run of tests there is no data that has been started before.
    server = Wharf(Path(tempfile.mkdtemp(prefix="wharf-", dir="/tmp")))
    try:
        server.start({"WHARF_TEST_GALLERY": "1"})
        seed(server)
        digest = stock(server)
        with sync_playwright() as playwright:
            program = shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            complaints = take(browser, server, folder, subjects, digest)
            browser.close()
    finally:
        server.remove()
    print("\n".join([*complaints, f"{len(subjects)} pages in {folder}/index.html"]))  # noqa: T201
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
