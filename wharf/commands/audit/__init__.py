"""`wharf audit VERB`: the audit log is read, proven whole, and made shorter. One file for each group of verbs."""

from __future__ import annotations

from wharf import console
from wharf.commands.audit import exporting, forwarding, purging, reading, sealing, verifying


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("audit", help="the audit log").add_subparsers(required=True, metavar="VERB")
    for group in (reading, exporting, verifying, purging, sealing, forwarding):
        group.register(verbs)
