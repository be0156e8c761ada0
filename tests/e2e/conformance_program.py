"""Runs the newer conformance program of the OCI distribution specification ("1.1+dev"), where somebody has it.

It is no release yet, and the Go module proxy does not serve the commit it is pinned to; so it is never built here
and never asked for. OCI_CONFORMANCE_BINARY names a program that was built elsewhere; INSTALL_LINE says how.

The program ends with 0 even when it could not load its configuration or write its reports, and a "Pass" of a group
hides the skips below it; so a run is judged by results.yaml, and by the counts of junit.xml beside it.
"""

from __future__ import annotations

import os
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.clients import Login

COMMIT = "967efdc079b9"
INSTALL_LINE = (
    f"CGO_ENABLED=0 go install github.com/opencontainers/distribution-spec/conformance@{COMMIT}"
    ' && export OCI_CONFORMANCE_BINARY="$(go env GOPATH)/bin/conformance"'
)
RUN_SECONDS = 600
GOOD = {"Pass"}


@dataclass(frozen=True, slots=True)
class Results:
    """What a run found: status by feature ("apis") and data set ("data"), and the counts of single tests."""

    apis: Mapping[str, str]
    data: Mapping[str, str]
    counts: Mapping[str, int]
    output: str

    def not_passed(self) -> dict[str, str]:
        """Every feature and data set that is anything but Pass."""
        return {name: status for name, status in {**self.apis, **self.data}.items() if status not in GOOD}


def program() -> Path | None:
    """The program that OCI_CONFORMANCE_BINARY names, or None when it is not set."""
    given = os.environ.get("OCI_CONFORMANCE_BINARY")
    return Path(given) if given else None


def run(
    host: str, who: Login, folder: Path, *, binary: Path, options: Mapping[str, str] | None = None
) -> Results:
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
    return Results(sections["apis"], sections["data"], _counts(folder / "junit.xml"), done.stdout)


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


def failures(results: Results) -> str:
    """The lines of the program's own report that are not passes, for a red test."""
    wanted = (": FAIL", ": Error", ": Skip")
    lines = results.output.splitlines()
    return "\n".join(
        line
        for number, line in enumerate(lines)
        if line.endswith(wanted) or (line.lstrip().startswith("- ") and number)
    )
