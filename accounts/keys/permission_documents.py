"""What a key may do, as Harbor's API writes it, to and from access.allowances.

    {"kind": "project", "namespace": "library", "access": [{"resource": "repository", "action": "pull"}]}
    {"kind": "project", "namespace": "*", "access": […], "repositories": ["team/**"]}
    {"kind": "system", "namespace": "/", "access": [{"resource": "user", "action": "list"}]}

`repositories` is Wharf's own: globs over the path below the project, one of which must match; none for every repository.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from access.allowances import Allowance, Allowances, Place, merged
from access.check import permissions_of, unknown
from access.principal import Principal, ProjectRef
from access.table import Permission, Permissions
from core.errors import InvalidInput
from core.globs import Glob
from core.oci.names import ProjectName
from core.oci.quoting import quoted
from database import sql

MAX_DOCUMENTS: Final = 1000
MAX_ACCESS: Final = 200
MAX_REPOSITORIES: Final = 64
MAX_SPELLED: Final = 2048
ALL: Final = "*"
SYSTEM: Final = "/"
ALLOW: Final = "allow"

_KNOWN: Final = frozenset(Permission)
_BY_NAME = "SELECT id, name, public FROM project WHERE name = ANY(%s::text[]) AND deleted_at IS NULL"
_NAMES = "SELECT id, name FROM project WHERE id = ANY(%s::bigint[]) AND deleted_at IS NULL"


def parsed(actor: Principal, documents: object) -> Allowances:
    """Raises InvalidInput; ProjectUnknown, alike for a project that does not exist and one the actor may not know of."""
    entries = [_Entry(each) for each in _list(documents, "permissions", MAX_DOCUMENTS)]
    projects = _projects(actor, {each.namespace for each in entries if each.names_project})
    found = merged(allowance for each in entries for allowance in each.allowances(projects))
    check_patterns(found)
    return found


def written(allowances: Iterable[Allowance]) -> list[dict[str, Any]]:
    """Those of a robot or token as it was given them, of one pattern at most each: patterns for the same are put together.

    Of a project that was deleted nothing is left to tell. One query.
    """
    return written_each([list(allowances)])[0]


def written_each(several: Sequence[Sequence[Allowance]]) -> list[list[dict[str, Any]]]:
    """As `written`, of many robots or tokens by one query."""
    ids = {each.project_id for listed in several for each in listed if each.project_id is not None}
    names: dict[int | None, str] = dict(sql.rows(_NAMES, (sorted(ids),))) if ids else {}
    return [_written(listed, names) for listed in several]


def _written(listed: Sequence[Allowance], names: Mapping[int | None, str]) -> list[dict[str, Any]]:
    fixed = {Place.SYSTEM: SYSTEM, Place.ALL_PROJECTS: ALL}
    found: dict[tuple[str, Permissions, bool], list[str]] = {}
    for each in listed:
        namespace = fixed.get(each.place) or names.get(each.project_id)
        if namespace:
            key = (namespace, each.permissions, bool(each.repositories))
            found.setdefault(key, []).extend(map(str, each.repositories))
    return [_document(*key[:2], repositories) for key, repositories in found.items()]


def check_patterns(allowances: Iterable[Allowance]) -> None:
    """Raises InvalidInput where a list by these patterns would cost the database too much."""
    patterns = [glob for each in allowances for glob in each.repositories]
    spelled = sum(len(one.tokens) for each in patterns for one in each.alternatives)
    if len(patterns) > MAX_REPOSITORIES or spelled > MAX_SPELLED:
        raise InvalidInput(
            f"at most {MAX_REPOSITORIES} patterns of repositories, and {MAX_SPELLED} characters of them without braces, "
            f"are possible: these are {len(patterns)} and {spelled}"
        )


def permission(text: str) -> Permission:
    """A permission by its name, "tag:delete". Raises InvalidInput."""
    if text not in _KNOWN:
        raise InvalidInput(f"{quoted(text)} is no permission: docs/permissions.md lists them")
    return Permission(text)


class _Entry:
    """One document, its shape checked."""

    def __init__(self, document: object) -> None:
        if not isinstance(document, Mapping):
            raise InvalidInput("a permission is an object with kind, namespace and access")
        self.kind, self.namespace = document.get("kind"), _text(document.get("namespace"), "namespace")
        if self.kind not in ("project", "system"):
            raise InvalidInput(f"kind is 'project' or 'system', not {quoted(str(self.kind))}")
        if self.kind == "system" and self.namespace != SYSTEM:
            raise InvalidInput("the namespace of system permissions is '/'")
        self.permissions: Permissions = frozenset(
            _granted(each) for each in _list(document.get("access"), "access", MAX_ACCESS)
        )
        self.globs = [Glob.parse(_text(each, "repositories")) for each in _repositories(document)]
        if self.kind == "system" and self.globs:
            raise InvalidInput("system permissions are for no repositories: leave them out")

    @property
    def names_project(self) -> bool:
        return self.kind == "project" and self.namespace != ALL

    def allowances(self, projects: Mapping[str, ProjectRef]) -> Iterator[Allowance]:
        """One, or one for each glob: all globs of an allowance must match, of these any one."""
        place = Place.PROJECT if self.names_project else Place.ALL_PROJECTS
        place = Place.SYSTEM if self.kind == "system" else place
        project_id = projects[self.namespace].id if self.names_project else None
        choices: list[tuple[Glob, ...]] = [(each,) for each in self.globs] or [()]
        for globs in choices:
            yield Allowance(place, self.permissions, project_id, globs)


def _repositories(document: Mapping[Any, Any]) -> Sequence[object]:
    given = document.get("repositories")
    return [] if given is None or given == [] else _list(given, "repositories", MAX_REPOSITORIES)


def _granted(access: object) -> Permission:
    if not isinstance(access, Mapping):
        raise InvalidInput("an access is an object with resource and action")
    if access.get("effect") not in (None, "", ALLOW):
        raise InvalidInput("a key can be allowed something, never forbidden: leave effect out")
    return permission(f"{_text(access.get('resource'), 'resource')}:{_text(access.get('action'), 'action')}")


def _list(given: object, what: str, most: int) -> Sequence[object]:
    if not isinstance(given, list | tuple) or not given:
        raise InvalidInput(f"{what} is a list, and not an empty one")
    if len(given) > most:
        raise InvalidInput(f"{what} has {len(given)} entries: at most {most} are possible")
    return given


def _text(given: object, what: str) -> str:
    if not isinstance(given, str):
        raise InvalidInput(f"{what} is missing, or no text")
    return given


def _projects(actor: Principal, names: set[str]) -> dict[str, ProjectRef]:
    """By name, those of which the actor may know."""
    for name in names:
        ProjectName.parse(name)
    rows = sql.rows(_BY_NAME, (sorted(names),)) if names else []
    found = {name: ProjectRef(id_, name, public) for id_, name, public in rows}
    for name in sorted(names):
        if name not in found or not permissions_of(actor, found[name]):
            raise unknown(name)
    return found


def _document(namespace: str, permissions: Permissions, repositories: list[str]) -> dict[str, Any]:
    pairs = (each.split(":") for each in sorted(permissions))
    found: dict[str, Any] = {
        "kind": "system" if namespace == SYSTEM else "project",
        "namespace": namespace,
        # Terraform's provider always sends an effect, and finds a difference where it reads none.
        "access": [{"resource": resource, "action": action, "effect": ALLOW} for resource, action in pairs],
    }
    return found | ({"repositories": repositories} if repositories else {})
