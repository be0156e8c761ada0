"""Projects in paths: by name or by id, as Harbor's clients write them. An id never tells the name of a hidden project."""

from __future__ import annotations

from django.http import HttpRequest

from access.check import unknown
from access.principal import Principal
from access.table import Permission
from audit.reading.scope import Scope, scope_of
from core.errors import ProjectUnknown
from projects import queries
from projects.models import Project

IS_NAME = "X-Is-Resource-Name"
MAX_DIGITS = 18
LARGEST_ID = 10**MAX_DIGITS - 1


def project_of(actor: Principal, named: str, http: HttpRequest, *permissions: Permission) -> Project:
    """For who may read the project, or holds one of `permissions` there. Raises ProjectUnknown, NameInvalid."""
    project_id = _id(named, http)
    if project_id is not None:
        return queries.project_by_id(actor, project_id, *permissions)
    return queries.project_with(actor, named, *permissions)


def log_of(actor: Principal, named: str, http: HttpRequest) -> Scope:
    """What the actor may read of the project's log. Raises ProjectUnknown, in the words of the path; Denied."""
    project_id = _id(named, http)
    place = queries.find_ref(named) if project_id is None else queries.find_ref_by_id(project_id)
    if place is None:
        raise unknown(named)
    try:
        return scope_of(actor, place)
    except ProjectUnknown:
        raise unknown(named) from None


def _id(named: str, http: HttpRequest) -> int | None:
    """Digits are an id unless the header X-Is-Resource-Name says they are a name; more of them than an id has are one."""
    is_name = http.headers.get(IS_NAME, "").strip().lower() == "true"
    return None if is_name else id_of(named)


def id_of(text: str) -> int | None:
    """The id that these digits are; None for any other text, and for more digits than an id has."""
    is_id = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    return int(text) if is_id else None
