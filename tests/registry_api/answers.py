"""What tests read out of answers of the distribution API."""

from __future__ import annotations

import httpx2


def codes(answer: httpx2.Response) -> list[str]:
    """The error codes of a refusal, one per entry; the body has the one form clients can read."""
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"errors"}
    return [entry["code"] for entry in body["errors"]]


def refused(answer: httpx2.Response) -> tuple[int, str]:
    """(status, code) of a refusal with a single entry."""
    (code,) = codes(answer)
    return answer.status_code, code


def link(answer: httpx2.Response) -> str | None:
    """The path and query of the next page, None on the last one."""
    header = answer.headers.get("Link")
    if header is None:
        return None
    target, _, relation = str(header).partition(">; ")
    assert target.startswith("</v2/")
    assert relation == 'rel="next"'
    return target[1:]
