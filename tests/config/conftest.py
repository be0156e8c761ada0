"""Settings changed in one test are unknown to the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from config import current
from tests.shell import Shell


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    current.forget()
    yield
    current.forget()


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)
