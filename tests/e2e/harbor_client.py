"""Harbor's own Go client library (goharbor/go-client), driven from here operation by operation.

Harbor's command line and Terraform provider are thin layers over that library. The command line itself cannot be
built where modules come from the Go module proxy alone, which does not serve it; so its calls are made here, with the
parameters its source gives to the library: zeros and empty words for what nobody asked for among them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.clients import Login
from tests.e2e.go_programs import cache_folder, go, workshop

SOURCE = Path(__file__).parent / "harbor_go"
FILES = ("go.mod", "go.sum", "main.go")
PROGRAM = "harbor-client"
CALL_SECONDS = 60
# What the command line sends with a list when it was given no flags.
UNSET = {"Page": 0, "PageSize": 0, "Q": "", "Sort": ""}


class RefusedError(AssertionError):
    """The library took the answer for an error; `kind` is its type there, `said` its words and the body."""

    def __init__(self, operation: str, kind: str, said: str) -> None:
        super().__init__(f"{operation}: {kind}: {said}")
        self.kind = kind
        self.said = said


def program() -> Path:
    """The program: the cached one, else built now. Raises UnavailableError with the compiler's own words."""
    version = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in FILES)).hexdigest()[:16]
    built = cache_folder(f"harbor-client-{version}") / PROGRAM
    if not built.exists():
        with workshop(built) as work:
            for name in FILES:
                shutil.copy(SOURCE / name, work)
            go(work, "build", "-trimpath", "-ldflags=-s -w", "-o", PROGRAM, ".")
            (work / PROGRAM).rename(built)
    return built


def operations(binary: Path) -> set[str]:
    """All that the library can ask of a Harbor, as Noun.Verb."""
    listed = subprocess.run([str(binary), "operations"], env={}, capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


@dataclass(frozen=True, slots=True)
class HarborClient:
    """One caller of one server."""

    binary: Path
    url: str
    who: Login

    def call(self, operation: str, **params: Any) -> Any:
        """What the library made of the answer's body, None where there is none.

        `params` have the names of the library's structures. Raises RefusedError, or AssertionError for an operation or a
        parameter that the library does not have.
        """
        return self.answer(operation, **params)["value"].get("Payload")

    def answer(self, operation: str, **params: Any) -> dict[str, Any]:
        """`answer`: the type of the answer in the library; `value`: its `Payload` and headers. Raises as `call` does."""
        told = self._ask(operation, params)
        if told.get("error"):
            raise RefusedError(operation, told["answer"], f"{told['error']} {json.dumps(told['value'])}")
        return told

    def _ask(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        done = subprocess.run(
            [str(self.binary)],
            input=json.dumps({"operation": operation, "params": params}),
            env={
                "PATH": os.defpath,
                "HARBOR_URL": self.url,
                "HARBOR_USERNAME": self.who.username,
                "HARBOR_PASSWORD": self.who.password,
            },
            capture_output=True,
            text=True,
            timeout=CALL_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told
