"""`wharf backup`: a consistent copy of the whole registry, made while it serves."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wharf import console


def register(nouns: console.SubParsers) -> None:
    parser = console.verb(nouns, "backup", "copy the database, the blobs and the key; the server may run")
    parser.add_argument("target", type=_folder, help="a folder for backups; later ones copy only what is new")
    parser.add_argument("--keep", type=_keep, metavar="N", help="then remove all but the latest N snapshots")
    parser.add_argument(
        "--without-secret-key", action="store_true", help="keep the secret key out; it is needed to restore"
    )
    parser.set_defaults(run=run)


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _keep(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a number from 1")
    return int(text)


def run(options: argparse.Namespace) -> int:
    from wharf import environment
    from wharf.backup import making

    made = making.back_up(
        console.actor(), environment.load(), options.target, with_key=not options.without_secret_key
    )
    for fault in made.faults:
        print(f"wharf: not copied: {fault.key}: {fault.reason}", file=sys.stderr)
    removed = making.prune(options.target, options.keep)[0] if options.keep else []
    totals = made.totals
    told = {
        "snapshot": str(made.snapshot.folder),
        "blobs": made.manifest.blobs,
        "bytes": made.manifest.bytes,
        "copied": totals.copied,
        "copied_bytes": totals.copied_bytes,
        "database_bytes": made.manifest.database.size,
        "key_included": made.manifest.key_included,
        "damaged": len(made.faults),
        "removed": removed,
    }
    text = (
        f"{made.snapshot.folder}\n"
        f"database {console.size_text(made.manifest.database.size)}, {made.manifest.blobs} blobs "
        f"({console.size_text(made.manifest.bytes)}), {totals.copied} of them new "
        f"({console.size_text(totals.copied_bytes)}); the secret key is "
        + ("in it: guard it" if made.manifest.key_included else "NOT in it: keep it elsewhere")
    )
    console.show(options, told, text)
    return 1 if made.faults else 0
