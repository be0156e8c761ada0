"""`wharf verify`: read back every manifest and every blob, and name what is missing or wrong."""

from __future__ import annotations

import argparse
import json
from typing import Any

READERS = 2


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser(
        "verify",
        help="read back every tag's manifests and blobs; exit with 1 when anything is missing or wrong",
    )
    parser.add_argument("--project", help="only this project")
    parser.add_argument("--readers", type=_readers, default=READERS, help="files read at a time (default: 2)")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line: problems, then a summary"
    )
    parser.set_defaults(run=run)


def _readers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError("must be a number from 1 to 64")
    return int(text)


def run(options: argparse.Namespace) -> int:
    from artifacts import verification
    from wharf.progress import Progress

    project = _project(options.project)
    totals = verification.count(project)
    progress = Progress("read back", totals.bytes)
    for problem in verification.verify(
        project,
        totals,
        progress=lambda done: progress.tell(done.blobs_done, done.bytes_done),
        readers=options.readers,
    ):
        progress.end()
        _show(options, problem)
    progress.end()
    _summary(options, totals)
    return 1 if totals.problems else 0


def _project(name: str | None) -> Any:
    from core.errors import ProjectUnknown
    from projects.queries import find_ref

    if name is None:
        return None
    project = find_ref(name)
    if project is None:
        raise ProjectUnknown(f"there is no project {name!r}", name=name)
    return project


def _show(options: argparse.Namespace, problem: Any) -> None:
    if options.json:
        told = {"problem": problem.kind, "digest": problem.digest, "reason": problem.reason}
        print(json.dumps(told | {"used_by": problem.used_by}), flush=True)
        return
    users = ", ".join(problem.used_by) or "no tag"
    print(f"{problem.kind}: {problem.digest}: {problem.reason}; used by {users}", flush=True)


def _summary(options: argparse.Namespace, totals: Any) -> None:
    from wharf.console import size_text

    if options.json:
        told = {
            "tags": totals.tags,
            "manifests": totals.manifests_done,
            "blobs": totals.blobs_done,
            "bytes": totals.bytes_done,
            "problems": totals.problems,
        }
        print(json.dumps({"summary": told}))
        return
    verdict = f"{totals.problems} problems" if totals.problems else "all whole"
    print(
        f"{totals.tags} tags: {totals.manifests_done} manifests and {totals.blobs_done} blobs "
        f"({size_text(totals.bytes_done)}) read back, {verdict}"
    )
