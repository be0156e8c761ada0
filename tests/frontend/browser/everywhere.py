"""Each page by the name of its route, as somebody finds it on a server with a few things in it (`seeded`, `hostile`)."""

from __future__ import annotations

from typing import Final

from tests.frontend.browser.hostile import DIGEST, PROJECT, REPOSITORY, TAG

TAGS: Final = "/r/team/app/api"
HARM: Final = f"/r/{REPOSITORY}"
# The name of a route -> its paths, one for each state it can be in. {job}: the number of a job.
PAGES: Final[dict[str, tuple[str, ...]]] = {
    "home": ("/",),
    "search": ("/search", "/search?q=app", "/search?q=nothing-like-it"),
    "go": ("/go?ref=nothing/like:it",),
    "me_profile": ("/me/profile",),
    "me_security": ("/me/security",),
    "me_tokens": ("/me/tokens",),
    "me_token_new": ("/me/tokens/new",),
    "me_access": ("/me/access", "/me/access?ref=team/app/api&action=push"),
    "help": ("/help",),
    "help_pages": ("/help/pages",),
    "preferences": ("/preferences",),
    "projects": ("/projects", "/projects?q=nothing-like-it"),
    "project_new": ("/projects/new",),
    "project": ("/p/team/", "/p/mirror/"),
    "project_about_edit": ("/p/team/-/about/edit",),
    "project_repos": ("/p/team/repos", "/p/mirror/repos"),
    "project_delete_repos": ("/p/team/repos/delete?selected=team/app/web",),
    "repository_delete_tags": (f"{TAGS}/-/delete-tags?selected=latest&selected=1.9.0",),
    "repository_artifacts": (
        f"{HARM}/-/artifacts",
        f"{TAGS}/-/artifacts?kept=nothing",
        f"{HARM}/-/artifacts?type=REFERRER",
    ),
    "repository_delete_artifacts": (f"{HARM}/-/delete-artifacts?selected={DIGEST}",),
    "repository_label_tags": (f"{TAGS}/-/label-tags?selected=latest&selected=1.9.0",),
    "repository_fix_tags": (f"{TAGS}/-/fix-tags?selected=latest&selected=1.9.0",),
    "repository_about": (f"{HARM}/-/about", f"{TAGS}/-/about"),
    "repository_about_edit": (f"{HARM}/-/about/edit",),
    "repository_timeline": (f"{TAGS}/-/timeline", f"{TAGS}/-/timeline?tag=latest"),
    "repository_restore": (f"{TAGS}/-/restore?tag=1.0&digest={DIGEST}",),
    "repository_compare": (f"{HARM}/-/compare?from=0.9&to={TAG}", f"{HARM}/-/compare?to={TAG}"),
    "repository_usage": (f"{HARM}/-/usage", f"{TAGS}/-/usage"),
    "tag": (
        f"{TAGS}/-/t/1.10.0",
        f"{TAGS}/-/t/nothing-like-it",
        *(
            f"{HARM}/-/t/{TAG}?tab={tab}"
            for tab in ("overview", "layers", "referrers", "manifest", "history")
        ),
        *(f"/r/{PROJECT}/chart/-/t/1.0.0?tab={tab}" for tab in ("overview", "readme", "values")),
    ),
    "manifest": (f"{HARM}/-/m/{DIGEST}",),
    "artifact_add_tag": (f"{HARM}/-/add-tag?digest={DIGEST}",),
    "artifact_labels": (f"{HARM}/-/labels?digest={DIGEST}",),
    "artifact_copy": (f"{HARM}/-/copy?reference={DIGEST}",),
    "tag_immutable": (f"{HARM}/-/immutable?tag={TAG}",),
    "artifact_delete": (f"{HARM}/-/delete-artifact?digest={DIGEST}",),
    "repository": (
        TAGS,
        f"{TAGS}?q=1.1*&platform=linux/arm64",
        f"{TAGS}?q=nothing-like-it",
        HARM,
        "/r/team/none",
    ),
    "saved_filters": ("/filters?list=tags&at=/r/team/app/api&query=q%3D1.1",),
    "jobs": ("/jobs", "/jobs?project=nothing-like-it"),
    "job": ("/jobs/{job}",),
    "gallery": ("/help/ui",),
    "logout": ("/auth/logout",),
    "confirm": ("/auth/confirm",),
}
# Those of who is not signed in.
OPEN: Final = (
    "/",
    "/auth/login",
    "/preferences",
    "/projects",
    "/search?q=app",
    "/help",
    "/no-such-page",
    TAGS,
)
# Files, fragments of pages, what only leads on, and what needs a setting or a provider.
NO_PAGES: Final = frozenset({
    "icon", "asset", "search_suggest", "project_new_name", "home_panel", "repository_uploads", "manifest_raw", "job_log",
    "jobs_running", "preferences_menu", "me_cli_secret", "me_token_revoke", "login", "register", "onboard", "oidc_login",
    "oidc_callback", "harbor_login", "harbor_log_out", "repository_nowhere",
})  # fmt: skip
