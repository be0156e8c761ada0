"""`wharf restore`: bring a backup back into an empty data folder. The server must be stopped."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wharf import console


def register(nouns: console.SubParsers) -> None:
    parser = console.verb(nouns, "restore", "bring a backup back; the server must be stopped")
    parser.add_argument(
        "source",
        type=lambda text: Path(text).expanduser().absolute(),
        help="the folder given to wharf backup",
    )
    parser.add_argument("--snapshot", help="the name of a snapshot in it (default: the latest)")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="restore although the data folder is not empty: present blobs are kept, all else is moved aside",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from wharf import environment
    from wharf.backup import repository, restoring

    snapshot = repository.find(options.source, options.snapshot)
    done = restoring.restore(console.actor(), environment.load(), snapshot, replace=options.replace)
    for fault in done.faults:
        print(f"wharf: not restored: {fault.key}: {fault.reason}", file=sys.stderr)
    told = {
        "snapshot": str(snapshot.folder),
        "made_at": done.manifest.made_at,
        "blobs": done.totals.files,
        "copied": done.totals.copied,
        "missing": len(done.faults),
        "moved": str(done.moved) if done.moved else None,
    }
    console.show(options, told, _text(snapshot.name, done.totals.files, moved=done.moved))
    return 1 if done.faults else 0


def _text(name: str, blobs: int, *, moved: Path | None) -> str:
    lines = [f"restored {name}: the database and {blobs} blobs"]
    if moved is not None:
        lines.append(f"what was there before lies in {moved}; remove it when nothing is missed")
    lines.append("next: start the server (bin/up), then: wharf verify")
    return "\n".join(lines)
