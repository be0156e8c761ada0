"""Puts on record what somebody asked of a repository and may not: pulls, pushes and deletions that were refused.

Asked for a token, that is where it is known for certain: a client whose token lacks an action may just not have asked for it
yet, and comes back with another one. What is not there is not refused: a name of no project here is not recorded. Nor is what
is lacking of everything: who asks for all actions, or for `*`, asks for whatever he may.
"""

from __future__ import annotations

from collections.abc import Collection

from access.principal import Principal, ProjectRef
from access.table import P
from audit import denials
from audit.parts import Resource

# From the gravest: of several actions that were refused at once one event tells.
_GRAVEST = ("delete", "push", "pull")
_PERMISSIONS = {"pull": P.REPOSITORY_PULL, "push": P.REPOSITORY_PUSH, "delete": P.ARTIFACT_DELETE}


def note(
    actor: Principal,
    repository: str,
    *,
    asked: Collection[str],
    given: Collection[str],
    project: ProjectRef | None,
) -> None:
    """One event (counted in a flood) where an action was asked for and not given. Never raises."""
    lacking = _lacking(asked, given)
    if lacking is None or project is None:
        return
    denials.record(
        actor,
        _operation(lacking),
        permission=str(_PERMISSIONS[lacking]),
        project=project,
        resource=Resource("repository", "", repository),
        reason=f"asked for {_words(asked)}, allowed {_words(given)}",
    )


def _lacking(asked: Collection[str], given: Collection[str]) -> str | None:
    """The gravest action that was refused."""
    if "*" in asked or set(_GRAVEST) <= set(asked):
        return None if given else "pull"
    return next((action for action in _GRAVEST if action in asked and action not in given), None)


def _operation(action: str) -> str:
    if action == "push":
        return "artifact.push"
    return "artifact.delete" if action == "delete" else "artifact.pull"


def _words(actions: Collection[str]) -> str:
    return ", ".join(sorted(set(actions) & set(_GRAVEST))) or "nothing"
