"""bin/bench ui: pages beside the sign-in page of the same server, with 100,000 repositories and 1,000,000 tags in it.

The server is `bin/up` with data of its own. Each page is asked for in turn with the sign-in page, one request at a time: what
the machine does meanwhile hits both alike. A page may take so many times as long as the sign-in page (30 ms) as its budget has.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2

from tests.bench import api
from tests.bench.api_lists import ADMIN
from tests.bench.api_rows import ONCE, PROJECT, REPOSITORY
from tests.bench.table import aligned, number

SIGN_IN: Final = "/auth/login"
SIGN_IN_MS: Final = 30
TIMES: Final = 10
AT: Final = f"/r/{PROJECT}/{REPOSITORY}"
TAG: Final = "v1.1"
FRAGMENT: Final[Mapping[str, str]] = {"HX-Request": "true", "HX-Target": "list"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A page; `budget` in ms. `next_page`: the one that its list leads on to, so many pages down."""

    title: str
    path: str
    budget: int
    fragment: bool = False
    next_page: int = 0


@dataclass(slots=True)
class Measured:
    """Times in ms: of the page, and of the sign-in page asked for just before it."""

    took: list[float] = field(default_factory=list)
    sign_in: list[float] = field(default_factory=list)
    size: int = 0

    @property
    def ratio(self) -> float:
        return p95(self.took) / p95(self.sign_in)


PAGES: Final = (
    Asked("home", "/", 80),
    Asked("projects", "/projects", 120),
    Asked("projects by storage, page 5", "/projects?sort=-storage", 120, next_page=4),
    Asked("project", f"/p/{PROJECT}/", 120),
    Asked("repositories of the big project", f"/p/{PROJECT}/repos", 120),
    Asked("repositories by size, fragment", f"/p/{PROJECT}/repos?sort=-size", 80, fragment=True),
    Asked("repositories by a part of the name", f"/p/{PROJECT}/repos?q=app-77", 120),
    Asked("tags of the big repository", AT, 130),
    Asked("tags by size, page 5", f"{AT}?sort=-size", 130, next_page=4),
    Asked("tags by prefix, fragment", f"{AT}?q=v1.2", 90, fragment=True),
    Asked("tags not pulled for 30 days", f"{AT}?pulled=30", 130),
    Asked("artifact", f"{AT}/-/t/{TAG}", 100),
    Asked("layers of an artifact", f"{AT}/-/t/{TAG}?tab=layers", 120),
    Asked("history of an artifact", f"{AT}/-/t/{TAG}?tab=history", 120),
    Asked("timeline", f"{AT}/-/timeline", 130),
    Asked("usage", f"{AT}/-/usage", 130),
    Asked("about", f"{AT}/-/about", 100),
    Asked("compare", f"{AT}/-/compare?from=v1.1&to=v1.2", 200),
    Asked("search for a repository", "/search?q=app-777", 150),
    Asked("search for a tag", "/search?q=v1.4242", 150),
    Asked("search for what is everywhere", "/search?q=app", 150),
    Asked("type-ahead", "/search/suggest?q=app-77", 60, fragment=True),
    Asked("jobs", "/jobs", 150),
)


def p95(took: Sequence[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def main(arguments: Sequence[str]) -> int:
    """Prints a table; 1 when a page takes longer than it may."""
    asked = _asked(arguments)
    pages = [each for each in PAGES if asked.only in each.title]
    with contextlib.ExitStack() as stack:
        folder = asked.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="wharf-bench-ui-", dir=asked.data))
        )
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # PostgreSQL's user must pass
        amount = ONCE.times(TIMES, events=1).part(asked.part)
        side = stack.enter_context(api.running(folder, amount))
        browser = stack.enter_context(contextlib.closing(_signed_in(side.server.url)))
        measured = {each.title: _measured(browser, each, asked.requests) for each in pages}
    return _tell(str(amount), pages, measured)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench ui", description=__doc__)
    parser.add_argument("--part", type=int, default=1, help="one part in so many of all that (default 1)")
    parser.add_argument("--requests", type=int, default=60, help="of each page (default 60)")
    parser.add_argument("--only", default="", help="pages whose title has this in it")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the data for the next time")
    parser.add_argument("--data", type=Path, default=Path("/tmp"), help="where the data lies (default /tmp)")
    return parser.parse_args(arguments)


def _signed_in(url: str) -> httpx2.Client:
    browser = httpx2.Client(base_url=url, timeout=60, trust_env=False)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(SIGN_IN).text)
    assert token is not None
    typed = {"csrfmiddlewaretoken": token[1], "principal": ADMIN.username, "password": ADMIN.password}
    answer = browser.post(SIGN_IN, data=typed | {"next": "/"}, headers={"Origin": url})
    assert answer.status_code == 303, answer.text
    return browser


def _measured(browser: httpx2.Client, page: Asked, requests: int) -> Measured:
    found, path = Measured(), _place(browser, page)
    headers = FRAGMENT if page.fragment else {}
    with httpx2.Client(base_url=browser.base_url, timeout=60, trust_env=False) as nobody:
        for turn in range(requests + 5):
            sign_in = _took(nobody, SIGN_IN, {})[0]
            took, size = _took(browser, path, headers)
            if turn >= 5:  # those before warm what is kept
                found.sign_in.append(sign_in)
                found.took.append(took)
                found.size = size
    return found


def _place(browser: httpx2.Client, page: Asked) -> str:
    path = page.path
    for _page in range(page.next_page):
        link = re.search(r'href="([^"]*[?&;]after=[^"]*)"', browser.get(path).text)
        assert link is not None, f"{page.title}: the list ends before {path}"
        path = link[1].replace("&amp;", "&")
    return path


def _took(browser: httpx2.Client, path: str, headers: Mapping[str, str]) -> tuple[float, int]:
    begun = time.perf_counter()
    answer = browser.get(path, headers=headers)
    took = (time.perf_counter() - begun) * 1000
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return took, int(answer.headers.get("Content-Length", len(answer.content)))


def _tell(amount: str, pages: Sequence[Asked], measured: Mapping[str, Measured]) -> int:
    every = [took for each in measured.values() for took in each.sign_in]
    sys.stdout.write(f"\n{amount}: sign-in page p95 {number(p95(every))} ms, budget {SIGN_IN_MS} ms\n\n")
    head = ["page", "p50 ms", "p95 ms", "budget ms", "p95 / sign-in", "may be", "", "kB"]
    rows = [_row(each, measured[each.title]) for each in pages]
    sys.stdout.write(aligned([head, *rows]))
    missed = [row[0] for row in rows if "ABOVE" in row]
    kept = f"{len(rows) - len(missed)} of {len(rows)} pages keep their ratio"
    sys.stdout.write(f"{kept}{'; not: ' if missed else ''}{'; '.join(missed)}\n")
    return 1 if missed else 0


def _row(page: Asked, found: Measured) -> list[str]:
    most = page.budget / SIGN_IN_MS
    return [
        page.title,
        number(statistics.median(found.took)),
        number(p95(found.took)),
        str(page.budget),
        number(found.ratio),
        number(most),
        "ok" if found.ratio <= most else "ABOVE",
        number(found.size / 1000),
    ]
