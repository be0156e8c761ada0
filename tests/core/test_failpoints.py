from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core import failpoints
from core.failpoints import REGISTERED, declare, fp, reload

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _disarmed_afterwards() -> Iterator[None]:
    yield
    reload()


def run(name: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Reach failpoint `name` in a process of its own, which prints 'alive' when it survives."""
    code = f"from core.failpoints import fp; fp({name!r}); print('alive')"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | environment, capture_output=True, check=False
    )


@pytest.mark.parametrize("name", sorted(REGISTERED))
def test_every_failpoint_does_nothing_when_unarmed(name: str) -> None:
    reload({})
    fp(name)


@pytest.mark.parametrize(("effect", "number"), [("eio", errno.EIO), ("enospc", errno.ENOSPC)])
def test_an_armed_failpoint_raises_its_error_and_its_neighbours_do_not(effect: str, number: int) -> None:
    reload({"WHARF_FAILPOINTS": f"blob.after_rename:{effect}"})
    with pytest.raises(OSError, match=r"blob\.after_rename") as caught:
        fp("blob.after_rename")
    assert caught.value.errno == number
    fp("blob.after_dirsync")


def test_several_failpoints_are_armed_at_once() -> None:
    reload({"WHARF_FAILPOINTS": " blob.after_rename:eio , upload.claimed:enospc,"})
    for name in ("blob.after_rename", "upload.claimed"):
        with pytest.raises(OSError, match=name):
            fp(name)


def test_sleep_delays_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "SLEEP_SECONDS", 0.05)
    reload({"WHARF_FAILPOINTS": "upload.claimed:sleep"})
    before = time.monotonic()
    fp("upload.claimed")
    assert time.monotonic() - before >= 0.05


def test_kill9_ends_the_process_at_once_and_the_hit_is_logged_first(tmp_path: Path) -> None:
    log = tmp_path / "hits"
    ended = run(
        "blob.after_commit", WHARF_FAILPOINTS="blob.after_commit:kill9", WHARF_FAILPOINTS_LOG=str(log)
    )
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == b""
    assert log.read_text() == "blob.after_commit\n"


def test_the_environment_is_read_at_import() -> None:
    assert run("blob.after_commit").stdout == b"alive\n"
    assert b"Errno 5" in run("blob.after_commit", WHARF_FAILPOINTS="blob.after_commit:eio").stderr


def test_every_hit_is_logged_on_a_line_of_its_own_without_being_armed(tmp_path: Path) -> None:
    log = tmp_path / "hits"
    reload({"WHARF_FAILPOINTS_LOG": str(log)})
    for name in ("upload.claimed", "blob.after_rename", "upload.claimed"):
        fp(name)
    assert log.read_text().split() == ["upload.claimed", "blob.after_rename", "upload.claimed"]


@pytest.mark.parametrize("value", ["blob.after_renam:eio", "blob.after_rename", "blob.after_rename:explode"])
def test_a_typo_in_the_variable_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"declares|Effect"):
        reload({"WHARF_FAILPOINTS": value})


def test_a_typo_in_the_code_is_found_as_soon_as_hits_are_logged(tmp_path: Path) -> None:
    reload({"WHARF_FAILPOINTS_LOG": str(tmp_path / "hits")})
    with pytest.raises(KeyError):
        fp("blob.after_renam")


def test_a_name_is_declared_only_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        declare("blob.after_rename")


def test_the_constants_and_the_registry_agree() -> None:
    constants = {value for key, value in vars(failpoints).items() if key.isupper() and isinstance(value, str)}
    assert constants == REGISTERED
