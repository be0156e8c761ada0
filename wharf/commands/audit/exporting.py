"""`wharf audit export|exports|download`: what a search finds, as a file, at once or made in the background."""

from __future__ import annotations

import argparse
import errno
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from core.errors import Conflict, InvalidInput
from wharf import console, job_texts
from wharf.commands.audit import filters

if TYPE_CHECKING:
    from config.audit_export import Execution

FORMATS: Final = ("csv", "jsonl")
PIECE: Final = 1024 * 1024
SHOWN: Final = 50


def register(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "export", "write what a search finds as CSV or JSON Lines, the oldest first")
    filters.add_options(parser)
    parser.add_argument("--format", choices=FORMATS, default="csv")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="a file that is not there yet (default: standard output)"
    )
    parser.add_argument(
        "--job", action="store_true", help="have the file made in the background, kept for some days"
    )
    parser.set_defaults(run=export)
    console.verb(verbs, "exports", "exports made in the background, the newest first").set_defaults(
        run=exports
    )
    parser = console.verb(verbs, "download", "the file of an export that was made in the background")
    parser.add_argument("id", type=job_texts.number)
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="- for standard output (default: its own name, here)"
    )
    parser.set_defaults(run=download)


def export(options: argparse.Namespace) -> int:
    from audit.export import exporting
    from audit.export.formats import Format

    wish = exporting.Wish(filters.wanted(options), Format(options.format))
    if options.job:
        return _start(options, wish)
    with (
        _written(options.output) as target,
        closing(exporting.stream(console.actor(), wish, most=None)) as found,
    ):
        told = _copy(found, target)
    return _tell(options, told) if options.output else 0


def _start(options: argparse.Namespace, wish: Any) -> int:
    from config import audit_export

    if options.output:
        raise InvalidInput(
            "a file made in the background lies in the storage: leave --output out, then `wharf audit download`"
        )
    run = audit_export.start(console.actor(), wish)
    text = (
        f"job {run.pk} is queued; watch it with: wharf jobs log {run.pk} --follow\n"
        f"its file, when it has ended: wharf audit download {run.pk}"
    )
    return console.show(options, {"job": run.pk}, text)


def exports(options: argparse.Namespace) -> int:
    from config import audit_export

    runs = list(audit_export.executions(console.actor())[:SHOWN])
    found = audit_export.with_outputs(runs)
    return console.show(options, [_facts(each) if options.json else _row(each) for each in found])


def _row(found: Execution) -> dict[str, Any]:
    output = found.output
    return {
        "id": found.run.pk,
        "state": job_texts.state(found.run),
        "entries": found.run.done,
        "created": job_texts.stamp(found.run.created_at),
        "file": output.name if output else "",
        "size": console.size_text(output.size) if output else "",
        "until": job_texts.stamp(output.expires_at) if output else "",
        "error": found.run.error.partition("\n")[0][:80],
    }


def _facts(found: Execution) -> dict[str, Any]:
    output = found.output
    file = (
        {"file": output.name, "bytes": output.size, "sha256": output.sha256, "expires_at": output.expires_at}
        if output
        else {}
    )
    return job_texts.facts(found.run) | file


def download(options: argparse.Namespace) -> int:
    from config import audit_export

    output, opened = audit_export.download(console.actor(), options.id)
    path = None if str(options.output) == "-" else options.output or Path(output.name)
    with opened, _written(path) as target:
        told = _copy(iter(lambda: opened.read(PIECE), b""), target)
        if told["sha256"] != output.sha256:
            raise Conflict(f"the file of export {options.id} is damaged: have it made again")
    return _tell(options, told | {"file": str(path)}) if path else 0


def _copy(pieces: Iterable[bytes], target: BinaryIO) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        target.write(piece)
        digest.update(piece)
        size += len(piece)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _tell(options: argparse.Namespace, told: dict[str, Any]) -> int:
    told = {"file": str(options.output)} | told
    return console.show(
        options, told, f"{told['file']}: {console.size_text(told['bytes'])}, SHA-256 {told['sha256']}"
    )


@contextmanager
def _written(path: Path | None) -> Iterator[BinaryIO]:
    """A new file that has its name only when it is whole, readable by its owner alone; or standard output. Raises Conflict."""
    if path is None:
        yield sys.stdout.buffer
        return
    draft = None
    try:
        _check_free(path)
        descriptor, draft = tempfile.mkstemp(prefix=".wharf-", suffix=".part", dir=path.parent)
        with os.fdopen(descriptor, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        _name(Path(draft), path)
    except FileExistsError:
        raise Conflict(f"{path} is there already: name another file, or remove it first") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        if draft:
            Path(draft).unlink(missing_ok=True)


def _name(draft: Path, path: Path) -> None:
    """A hard link overwrites nothing; some file systems know none. Raises FileExistsError, OSError."""
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        _check_free(path)
        draft.rename(path)


def _check_free(path: Path) -> None:
    """Before anything is read for it. Raises FileExistsError."""
    if os.path.lexists(path):
        raise FileExistsError
