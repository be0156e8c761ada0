"""The `wharf` command in this process, as a person at the machine types it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from wharf import cli


class Shell:
    """Runs a command in this process: exit status, output and errors."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def run(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        try:
            status = cli.run(list(arguments))
        except SystemExit as usage:
            status = int(usage.code or 0)
        output = self._capsys.readouterr()
        return status, output.out, output.err

    def json(self, *arguments: str, stdin: str = "") -> Any:
        status, out, err = self.run(*arguments, "--json", stdin=stdin)
        assert status == 0, err
        return json.loads(out)
