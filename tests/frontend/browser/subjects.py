"""Every page and state there is a picture of: with data, with none, refused, gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.frontend.browser.stocked import API, SHOP


@dataclass(frozen=True, slots=True)
class Subject:
    """A page and the name of its picture; "{digest}" in its path is that of an image. `as_admin`: somebody is signed in."""

    name: str
    path: str
    as_admin: bool = True


_VISITORS: Final = {
    "home-visitor": "/",
    "sign-in": "/auth/login",
    "register-off": "/auth/register",
    "preferences-visitor": "/preferences",
    "projects-visitor": "/projects",
    "tags-visitor": "/r/library/alpine",
    "tag-visitor": "/r/library/alpine/-/t/3.20",
    "search-visitor": "/search?q=alpine",
    "not-found": "/no-such-page",
    "hidden": f"/r/{API}",
}
_BROWSING: Final = {
    "home": "/",
    "search": "/search?q=api",
    "search-empty": "/search?q=nothing-of-that-name",
    "search-hint": "/search",
    "help": "/help",
    "help-pages": "/help/pages",
    "components": "/help/ui",
    "projects": "/projects",
    "projects-filtered-empty": "/projects?q=nothing-of-that-name",
    "project-new": "/projects/new",
    "project": f"/p/{SHOP}/",
    "project-empty": "/p/mirror/",
    "project-about-edit": f"/p/{SHOP}/-/about/edit",
    "repositories": f"/p/{SHOP}/repos",
    "repositories-empty": "/p/mirror/repos",
    "no-such-repository": f"/r/{SHOP}/app/apj",
}
_REPOSITORY: Final = {
    "tags": f"/r/{API}",
    "tags-columns": f"/r/{API}?q=1.1*&platform=linux/arm64&cols=digest&cols=labels&cols=type",
    "tags-filtered-empty": f"/r/{API}?q=nothing",
    "delete-tags": f"/r/{API}/-/delete-tags?selected=latest&selected=1.10.0&selected=1.1.9",
    "artifacts": f"/r/{API}/-/artifacts",
    "artifacts-filtered-empty": f"/r/{API}/-/artifacts?q=nothing",
    "label-tags": f"/r/{API}/-/label-tags?selected=latest&selected=1.10.0",
    "fix-tags": f"/r/{API}/-/fix-tags?selected=latest&selected=1.10.0&selected=1.1.9",
    "delete-artifacts": f"/r/{API}/-/delete-artifacts?selected={{digest}}",
    "timeline": f"/r/{API}/-/timeline",
    "timeline-empty": f"/r/{API}/-/timeline?tag=nothing",
    "compare": f"/r/{API}/-/compare?from=1.10.1&to=1.10.2",
    "compare-nothing": f"/r/{API}/-/compare",
    "usage": f"/r/{API}/-/usage?by=client",
    "usage-empty": "/r/library/alpine/-/usage",
    "uploads": f"/r/{API}/-/uploads",
    "about": f"/r/{API}/-/about",
    "about-empty": f"/r/{SHOP}/app/web/-/about",
    "about-edit": f"/r/{API}/-/about/edit",
}
_ARTIFACT: Final = {
    "artifact": f"/r/{API}/-/t/1.10.2",
    "artifact-layers": f"/r/{API}/-/t/1.10.2?tab=layers",
    "artifact-referrers": f"/r/{API}/-/t/1.10.2?tab=referrers",
    "artifact-referrers-empty": f"/r/{API}/-/t/1.11.0-rc1?tab=referrers",
    "artifact-manifest": f"/r/{API}/-/t/1.10.2?tab=manifest",
    "artifact-history": f"/r/{API}/-/t/1.10.2?tab=history",
    "artifact-chart": f"/r/{SHOP}/charts/platform/-/t/4.2.0",
    "artifact-chart-readme": f"/r/{SHOP}/charts/platform/-/t/4.2.0?tab=readme",
    "artifact-chart-values": f"/r/{SHOP}/charts/platform/-/t/4.2.0?tab=values",
    "artifact-module": f"/r/{SHOP}/edge/filter/-/t/0.9.1",
    "artifact-gone": f"/r/{API}/-/t/nightly",
    "manifest": f"/r/{API}/-/m/{{digest}}",
    "artifact-add-tag": f"/r/{API}/-/add-tag?digest={{digest}}",
    "artifact-labels": f"/r/{API}/-/labels?digest={{digest}}",
    "artifact-delete": f"/r/{API}/-/delete-artifact?digest={{digest}}",
    "artifact-copy": f"/r/{API}/-/copy?reference=1.10.1",
}
_ACCOUNT: Final = {
    "profile": "/me/profile",
    "security": "/me/security",
    "tokens": "/me/tokens",
    "token-new": "/me/tokens/new",
    "access": "/me/access",
    "access-why": f"/me/access?ref={API}&action=pull",
    "preferences": "/preferences",
    "saved-filters": "/filters?list=tags",
    "jobs": "/jobs",
    "jobs-filtered-empty": "/jobs?project=nothing-of-that-name",
    "confirm": "/auth/confirm?next=/me/tokens",
    "sign-out": "/auth/logout",
}
SUBJECTS: Final = (
    *(Subject(name, path, as_admin=False) for name, path in _VISITORS.items()),
    *(
        Subject(name, path)
        for part in (_BROWSING, _REPOSITORY, _ARTIFACT, _ACCOUNT)
        for name, path in part.items()
    ),
)
