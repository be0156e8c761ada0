"""Builds and runs the conformance suite of the OCI distribution specification 1.1 (its last ginkgo suite).

The suite is a Go test package, so that `go install` cannot build it: a throwaway module names the pinned version and
`go test -c` makes the program, once for each version. What it found is judged by `conformance_report`; which runs
there are, and what each may skip, stands in `conformance_plan`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.clients import Login
from tests.e2e.conformance_report import Report, read_report
from tests.e2e.go_programs import cache_folder, go, workshop

PACKAGE = "github.com/opencontainers/distribution-spec/conformance"
VERSION = "v0.0.0-20230516164017-7fcdf80f3c8b"
PROGRAM = "conformance.test"
RUN_SECONDS = 60
WORKFLOWS = ("PULL", "PUSH", "CONTENT_DISCOVERY", "CONTENT_MANAGEMENT")


@dataclass(frozen=True, slots=True)
class Target:
    """A registry reached over plain HTTP, and the two repositories of it that a run writes to."""

    host: str
    who: Login
    repository: str
    mount_repository: str


def program() -> Path:
    """The suite: the cached one, else built now through the Go module proxy.

    Raises UnavailableError with the compiler's own words.
    """
    built = cache_folder(f"conformance-suite-{VERSION}") / PROGRAM
    if not built.exists():
        _build(built)
    return built


def _build(target: Path) -> None:
    with workshop(target) as work:
        go(work, "mod", "init", "x")
        go(work, "get", f"{PACKAGE}@{VERSION}")
        go(work, "test", "-mod=mod", "-c", "-o", PROGRAM, PACKAGE)
        (work / PROGRAM).rename(target)


def run(target: Target, folder: Path, *, binary: Path, options: Mapping[str, str] | None = None) -> Report:
    """Run every workflow against `target`; junit.xml and report.html land in `folder`.

    `options` are further OCI_* settings, and win. Raises AssertionError when there is no report, or when the exit
    code contradicts it: a report that cannot be trusted is no pass.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / "junit.xml"
    written.unlink(missing_ok=True)
    done = subprocess.run(
        [str(binary)],
        env=_settings(target, folder) | dict(options or {}),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    said = done.stdout[-4000:]
    assert written.exists(), f"no junit.xml was written, exit code {done.returncode}:\n{said}"
    report = read_report(written.read_text())
    failed = bool(report.failed())
    assert failed == (done.returncode != 0), (
        f"exit code {done.returncode} with failures {report.failed()}:\n{said}"
    )
    return report


def _settings(target: Target, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "OCI_ROOT_URL": f"http://{target.host}",
        "OCI_NAMESPACE": target.repository,
        "OCI_CROSSMOUNT_NAMESPACE": target.mount_repository,
        "OCI_USERNAME": target.who.username,
        "OCI_PASSWORD": target.who.password,
        "OCI_REPORT_DIR": str(folder),
        "OCI_HIDE_SKIPPED_WORKFLOWS": "0",
        "OCI_DEBUG": "0",
        **{f"OCI_TEST_{workflow}": "1" for workflow in WORKFLOWS},
    }
