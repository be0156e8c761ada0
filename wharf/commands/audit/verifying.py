"""`wharf audit verify`: the log is compared with its seals."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.errors import InvalidInput
from wharf import console
from wharf.commands.audit.times import day_or_time

if TYPE_CHECKING:
    from audit.seal.findings import Problem, Report
    from audit.seal.keys import Ring

TAMPERED: Final = 1
CANNOT_TELL: Final = 3
LATE_SECONDS: Final = 60
"""Rows that wait so long for their seal are not waiting for a transaction to end."""


def register(verbs: console.SubParsers) -> None:
    parser = console.verb(
        verbs,
        "verify",
        "compare the log with its seals and name the first row that is wrong; exit with 0 when it is whole, 1 when it was "
        "tampered with, 3 when that cannot be told",
    )
    parser.add_argument(
        "--from", dest="since", type=day_or_time, metavar="TIME", help="what was sealed from then on (UTC)"
    )
    parser.add_argument(
        "--to", dest="until", type=day_or_time, metavar="TIME", help="what was sealed before (UTC)"
    )
    parser.add_argument(
        "--heads", type=Path, metavar="FILE", help="signed heads (default: those of this host, if any)"
    )
    parser.set_defaults(run=verify)


def verify(options: argparse.Namespace) -> int:
    from audit import verification
    from audit.seal.keys import KeyUnusable
    from wharf.environment import load

    environment = load()
    heads = options.heads or (environment.audit_heads_file if environment.audit_heads_file.exists() else None)
    if options.heads and not options.heads.is_file():
        raise InvalidInput(f"there is no file {options.heads}")
    try:
        ring = _ring(environment.audit_keys, heads)
    except KeyUnusable as reason:
        print(f"wharf: {reason}", file=sys.stderr)
        return CANNOT_TELL
    shown = _Shown()
    report = verification.verify(
        ring, since=options.since, until=options.until, heads=heads, progress=shown.tell
    )
    shown.end()
    _record(options, report, heads)
    _show(options, report, heads)
    return _status(report)


def _ring(path: Path, heads: Path | None) -> Ring:
    """Raises KeyUnusable. A registry that has just been installed makes its key with its first seal."""
    from audit import verification
    from audit.seal import keys

    if heads is None and not path.exists() and not verification.is_sealed():
        return keys.Ring(())
    return keys.read(path)


class _Shown:
    """How far it has come, on a terminal."""

    def __init__(self) -> None:
        self._told = False

    def tell(self, report: Report) -> None:
        if sys.stderr.isatty():
            self._told = True
            sys.stderr.write(f"\r{report.rows:,} rows verified, {report.found} problems ")
            sys.stderr.flush()

    def end(self) -> None:
        if self._told:
            sys.stderr.write("\n")


def _status(report: Report) -> int:
    if report.found:
        return TAMPERED
    return CANNOT_TELL if report.pending and report.pending_seconds > LATE_SECONDS else 0


def _record(options: argparse.Namespace, report: Report, heads: Path | None) -> None:
    from access.table import P
    from audit.actions import action

    with action(console.actor(), P.AUDIT_LOG_LIST, name="audit.verify") as act:
        act.resource("audit-log", None, f"rows {report.first_seq} to {report.last_seq}")
        act.detail |= {name: value for name, value in _facts(report).items() if name != "problems"}
        act.detail["heads_file"] = str(heads or "")
        act.detail["since"], act.detail["until"] = str(options.since or ""), str(options.until or "")
        if report.first is not None:
            act.detail["first_problem"] = _told(report.first)


def _facts(report: Report) -> dict[str, Any]:
    return {
        "whole": not report.found,
        "rows": report.rows,
        "first_seq": report.first_seq,
        "last_seq": report.last_seq,
        "head": report.head,
        "purged": report.purged,
        "not_yet_sealed": report.pending,
        "oldest_not_sealed_seconds": report.pending_seconds,
        "heads_agreed": report.heads,
        "found": report.found,
        "problems": [_told(problem) for problem in report.problems],
    }


def _told(problem: Problem) -> dict[str, Any]:
    return {"kind": str(problem.kind), "seq": problem.seq, "event": problem.event, "text": problem.text}


def _show(options: argparse.Namespace, report: Report, heads: Path | None) -> None:
    if options.json:
        print(json.dumps(_facts(report)))
        return
    for problem in report.problems:
        where = f" at row {problem.seq} of the chain" if problem.seq is not None else ""
        print(f"{problem.kind}{where}: {problem.text}")
    if report.found > len(report.problems):
        print(f"… and {report.found - len(report.problems)} more")
    print("\n".join(_summary(report, heads)))


def _summary(report: Report, heads: Path | None) -> list[str]:
    verdict = f"{report.found} problems" if report.found else "all whole"
    lines = [
        f"rows {report.first_seq} to {report.last_seq} of the chain: {report.rows:,} rows verified, {verdict}"
    ]
    if report.purged:
        lines.append(f"{report.purged:,} rows were purged lawfully")
    if report.pending:
        lines.append(
            f"{report.pending:,} rows are not yet sealed; the oldest is {report.pending_seconds} s old"
        )
        if report.pending_seconds > LATE_SECONDS:
            lines.append(
                "that is too long: is the shipper running where the key is? (its log says why it does not seal)"
            )
    if heads is None:
        lines.append("no signed heads to compare with: a cut end would not be seen. Give --heads FILE")
    elif not report.found:
        lines.append(f"{report.heads:,} signed heads in {heads} agree")
    return lines
