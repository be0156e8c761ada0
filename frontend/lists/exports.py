"""A list as a file: every row that its filters leave, in its order, as CSV or as JSON Lines; read and sent piece by piece."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from audit.export.formats import cell
from database.transactions import release_connection
from frontend.lists import keyset
from frontend.lists.shown import narrowed
from frontend.lists.spec import Field, ListSpec
from frontend.lists.state import State, state_of

PARAMETER: Final = "export"
BATCH: Final = 500
_MEDIA: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


@dataclass(slots=True)
class _Line:
    """A file to the writer of CSV, which has each line taken from it."""

    text: str = ""

    def write(self, text: str) -> None:
        self.text = text


def is_asked(request: HttpRequest) -> bool:
    return request.GET.get(PARAMETER, "") in _MEDIA


def answer(
    request: HttpRequest,
    spec: ListSpec,
    rows: QuerySet[Any],
    *,
    described: Callable[[Sequence[Any]], Sequence[Any]],
) -> StreamingHttpResponse:
    """The file. Rights and names were read by whoever made `rows`; nothing here asks how somebody likes his pages."""
    form = request.GET[PARAMETER]
    state = state_of(request, spec)
    found = _described(narrowed(rows, spec, state), state, described)
    written = _csv(found, spec.fields) if form == "csv" else _json_lines(found, spec.fields)
    response = StreamingHttpResponse(written, content_type=_MEDIA[form])
    response["Content-Disposition"] = f'attachment; filename="{spec.name}.{form}"'
    return response


def _described(
    rows: QuerySet[Any], state: State, described: Callable[[Sequence[Any]], Sequence[Any]]
) -> Iterator[Sequence[Any]]:
    """All rows, a batch after the other by the place where the last one ended."""
    after = ""
    while True:
        page = keyset.page(rows, state.order, BATCH, after=after)
        batch = described(page.rows)
        release_connection()  # a slow reader keeps his thread, not a connection as well
        if batch:
            yield batch
        if not page.older:
            return
        after = page.older


def _csv(batches: Iterator[Sequence[Any]], fields: Sequence[Field]) -> Iterator[bytes]:
    line = _Line()
    writer = csv.writer(line)
    writer.writerow([each.name for each in fields])
    yield line.text.encode()
    for batch in batches:
        texts = []
        for row in batch:
            writer.writerow([_cell(each.value(row)) for each in fields])
            texts.append(line.text)
        yield "".join(texts).encode("utf-8", "replace")


def _json_lines(batches: Iterator[Sequence[Any]], fields: Sequence[Field]) -> Iterator[bytes]:
    for batch in batches:
        lines = (
            json.dumps({each.name: _plain(each.value(row)) for each in fields}, ensure_ascii=False)
            for row in batch
        )
        yield "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, list | tuple | frozenset):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _cell(value: Any) -> str | int | float:
    """Lists in one cell, and no formula in any."""
    plain = _plain(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, int | float):
        return plain
    return cell(" ".join(str(each) for each in plain) if isinstance(plain, list) else plain or "")
