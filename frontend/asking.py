"""The question "may I do this here, and why?", read from a page's address and answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access import explanation
from access.table import TABLE, Role
from accounts import finding
from core import errors as e
from core.oci.names import RepositoryName
from frontend.answers import sentence
from frontend.hosts import address
from projects import explanations
from projects.queries import project_as_typed

if TYPE_CHECKING:
    from access.explanation import Explanation
    from access.principal import Principal

ACTIONS: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("pull", _("Pull")),
    ("push", _("Push")),
    ("delete", _("Delete tags and artifacts")),
)
PERMISSIONS: Final = tuple(sorted(map(str, TABLE[Role.PROJECT_ADMIN])))
MAX_REF: Final = 512


@dataclass(frozen=True, slots=True)
class Asked:
    """As it was asked. `status`: of the page that answers it."""

    ref: str = ""
    action: str = "pull"
    mistake: str = ""
    status: int = 200
    actions: tuple[tuple[str, str | Promise], ...] = ACTIONS
    permissions: tuple[str, ...] = PERMISSIONS


def asked(request: HttpRequest, actor: Principal) -> tuple[Asked, Explanation | None]:
    """`?ref=` a project, a repository or an image of it, with or without the host; `?action=`. It, and the answer."""
    ref, action = request.GET.get("ref", "").strip()[:MAX_REF], request.GET.get("action", "pull")
    if not ref:
        return Asked(action=action), None
    try:
        return Asked(ref, action), _answer(actor, _without_host(request, ref), action)
    except e.InvalidInput as mistake:
        return Asked(ref, action, sentence(mistake.message), 422), None
    except e.NotFound as mistake:
        return Asked(ref, action, sentence(mistake.message), 404), None


def _answer(actor: Principal, ref: str, action: str) -> Explanation:
    """Raises InvalidInput, NotFound."""
    needed = explanation.needed(action)
    name, _slash, path = ref.partition("/")
    repository = str(RepositoryName.parse(ref)) if path else ""
    project = project_as_typed(actor, name)
    return explanations.explain(actor, finding.own_user(actor), needed, project, repository=repository)


def _without_host(request: HttpRequest, ref: str) -> str:
    """ "reg.example/team/app:1.2@sha256:…" is about "team/app"."""
    bare = ref.partition("://")[2] or ref
    bare = bare.removeprefix(f"{address(request).host}/").partition("@")[0].rstrip("/")
    ahead, slash, last = bare.rpartition("/")
    return f"{ahead}{slash}{last.partition(':')[0]}"
