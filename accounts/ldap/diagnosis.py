"""What an administrator is told when a directory is tried: one step after the other, up to the first that fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from accounts.ldap.installed import HOW_TO_INSTALL, available
from accounts.ldap.people import Proven
from accounts.ldap.settings import DirectorySettings


@dataclass(frozen=True, slots=True)
class Step:
    """`detail`: what was found or what went wrong. `hint`: what to do about it. `filter`: the search as it was sent."""

    name: str
    ok: bool
    milliseconds: int
    detail: str = ""
    hint: str = ""
    filter: str = ""


def diagnose(
    settings: DirectorySettings,
    sample_user: str = "",
    sample_password: str = "",
    *,
    roles: Callable[[Proven], str] | None = None,
) -> list[Step]:
    """Name, connection, encryption, search account, searches, then the sample user, his groups and what `roles` says of them.

    The user's password is tried if it is given. A directory that fails is a step that says so; `roles` may raise.
    """
    if not available():
        return [
            Step(
                "installation", ok=False, milliseconds=0, detail="python-ldap is missing", hint=HOW_TO_INSTALL
            )
        ]
    from accounts.ldap.trial import Trial

    steps: list[Step] = []
    with Trial(settings, sample_user, sample_password, roles) as trial:
        for name, run in trial.steps():
            begun = time.monotonic()
            found = run()
            milliseconds = round((time.monotonic() - begun) * 1000)
            steps.append(Step(name, found.ok, milliseconds, found.detail, found.hint, found.filter))
            if not found.ok:
                break
    return steps
