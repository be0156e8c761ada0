"""What each page shows, who may do what there, and how: the part of the help that every page leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Topic:
    """`name`: its place in the help page; `routes`: of the pages that it is about."""

    name: str
    title: Words
    texts: tuple[Words, ...]
    routes: tuple[str, ...]


TOPICS: Final[tuple[Topic, ...]] = (
    Topic(
        "home",
        _("Home"),
        (
            _(
                "Your pinned projects, those you have a role in, what you pushed lately, and your jobs "
                "that failed."
            ),
            _("Whoever administers a project sees it here when it has used 80 % of its quota."),
        ),
        ("home", "home_panel"),
    ),
    Topic(
        "search",
        _("Search"),
        (
            _(
                "Three letters find a name wherever they stand in it, fewer find its beginning. Tags are "
                "found by their beginning, digests by seven digits or more."
            ),
            _(
                "A whole reference, as host/project/name:tag, leads straight to its page. You find what "
                "you may pull, and nothing else."
            ),
        ),
        ("search",),
    ),
    Topic(
        "lists",
        _("Lists, filters and files"),
        (
            _(
                "The address of a list is what it shows: filters, order and columns. Send it to a "
                "colleague, who sees the same as far as his rights go."
            ),
            _(
                "A filter you need often can be saved under a name; you alone see it. An export has every "
                "row that the filters leave, in the order shown, however many there are. It is read "
                "while it is sent: where that breaks off, your browser says that the download failed."
            ),
        ),
        ("saved_filters",),
    ),
    Topic(
        "projects",
        _("Projects"),
        (
            _(
                "A project is public, so that everybody may pull from it, or private, for its members. A "
                "pin keeps it on your front page and changes nothing for others."
            ),
            _("Administrators create projects, and name who administers each of them."),
        ),
        ("projects", "project_new"),
    ),
    Topic(
        "project",
        _("Project overview"),
        (
            _(
                "How much the project holds, which repositories need most room, what happened last and "
                "what its rules say."
            ),
            _(
                "Room counts each blob once for the project. What becomes free when a repository is "
                "deleted is its unique size."
            ),
        ),
        ("project", "project_about_edit"),
    ),
    Topic(
        "repositories",
        _("Repositories"),
        (
            _(
                "A repository appears with its first push. Deleting one deletes its tags and artifacts; "
                "the room comes back with the next garbage collection."
            ),
            _("Deleting needs the role Maintainer."),
        ),
        ("project_repos", "project_delete_repos"),
    ),
    Topic(
        "tags",
        _("Tags"),
        (
            _(
                "Sorted by version: 1.10 after 1.9, and a release candidate before its release. The size "
                "is what a client transfers."
            ),
            _(
                "Deleting a tag needs the role Maintainer. It leaves the artifact, which other tags may "
                "name. Immutable tags stay."
            ),
        ),
        (
            "repository",
            "repository_delete_tags",
            "repository_label_tags",
            "repository_fix_tags",
            "repository_uploads",
        ),
    ),
    Topic(
        "artifacts",
        _("Artifacts"),
        (
            _(
                "Everything that was pushed to the repository, by digest: also the parts of indexes, "
                "signatures, and what no tag names any more."
            ),
            _(
                "What no tag, no index and no subject keeps may be collected as garbage, not before the "
                "time that its row names. A tag keeps it for good."
            ),
            _("Deleting needs the role Maintainer. A part of an index goes after the index alone."),
        ),
        ("repository_artifacts", "repository_delete_artifacts"),
    ),
    Topic(
        "artifact",
        _("Artifact"),
        (
            _(
                "Commands for your tool, the configuration, the layers with what made them, what refers "
                "to it, and every tag that ever pointed to it. Choose a platform, and all of it is of "
                "that platform."
            ),
            _(
                "Adding a tag or a label needs the role Developer. A pull by digest always gives the same "
                "bytes, a pull by tag what the tag points to then."
            ),
        ),
        (
            "tag",
            "manifest",
            "artifact_add_tag",
            "artifact_labels",
            "artifact_copy",
            "artifact_delete",
            "tag_immutable",
        ),
    ),
    Topic(
        "timeline",
        _("Timeline"),
        (
            _(
                "Every push, move and deletion of a tag. As long as the artifact it pointed to is kept, "
                "the tag can be pointed at it again."
            ),
            _("Restoring needs the role Maintainer, and obeys immutable tags as a push does."),
        ),
        ("repository_timeline", "repository_restore"),
    ),
    Topic(
        "compare",
        _("Compare"),
        (
            _(
                "Two artifacts of a repository: which layers they share, what was added, and what changed "
                "in the configuration. The address with digests stays true when tags move."
            ),
        ),
        ("repository_compare",),
    ),
    Topic(
        "usage",
        _("Usage"),
        (
            _(
                "Pulls by day, tag and program. They are counted a few seconds behind. By whom is shown "
                "to project admins alone."
            ),
        ),
        ("repository_usage",),
    ),
    Topic(
        "about",
        _("About a repository"),
        (
            _(
                "A text in Markdown: what it is and how it is run. Pictures from elsewhere become links, "
                "and HTML is left out."
            ),
            _("Changing it needs the role Developer, and Project admin for the text of a project."),
        ),
        ("repository_about", "repository_about_edit"),
    ),
    Topic(
        "jobs",
        _("Jobs"),
        (
            _(
                "What takes long is done by a job: you may close the page. A job that waits to be tried "
                "again has not failed yet."
            ),
            _(
                "You see those you started and those of projects whose repositories you may delete; "
                "administrators see all. The log is kept as long as the job is."
            ),
        ),
        ("jobs", "job"),
    ),
    Topic(
        "account",
        _("Your account"),
        (
            _(
                "Your name and address, your password, the browsers in which you are signed in, and how "
                "pages look for you."
            ),
            _("Where a directory or a provider keeps your account, name and password are changed there."),
        ),
        ("me_profile", "me_security", "me_password", "me_cli_secret", "preferences"),
    ),
    Topic(
        "tokens",
        _("Access tokens"),
        (
            _(
                "A token stands in for your password in programs. It may do what you allow it, and never "
                "more than you. It is shown once; revoke it where somebody else may have seen it."
            ),
            _("For a program that belongs to a project take a robot."),
        ),
        ("me_tokens", "me_token_new", "me_token_revoke"),
    ),
    Topic(
        "access",
        _("My access"),
        (
            _(
                "Your roles, and from where you have each. Ask about one repository, and the answer names "
                "what decided, as a pull or push would be decided at this moment."
            ),
        ),
        ("me_access",),
    ),
)
OF_ROUTE: Final[dict[str, Topic]] = {route: topic for topic in TOPICS for route in topic.routes}
