"""`wharf project create|list|change|remove`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from wharf import console

if TYPE_CHECKING:
    from projects.models import Project


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("project", help="projects").add_subparsers(required=True, metavar="VERB")
    _register_create(verbs)
    console.verb(verbs, "list", "list all projects").set_defaults(run=list_)
    _register_change(verbs)
    remove_ = console.verb(verbs, "remove", "delete a project that has no repositories")
    remove_.add_argument("name")
    remove_.set_defaults(run=remove)


def _register_create(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "create", "create a project")
    parser.add_argument("name")
    parser.add_argument("--public", action="store_true", help="anybody may pull")
    parser.add_argument(
        "--quota",
        type=console.size,
        metavar="SIZE",
        help="e.g. 10GiB, or 'unlimited'; default: the setting storage_per_project",
    )
    parser.add_argument("--owner", metavar="USER", help="becomes project admin")
    parser.set_defaults(run=create)


def _register_change(verbs: console.SubParsers) -> None:
    parser = console.verb(verbs, "change", "change a project")
    parser.add_argument("name")
    visibility = parser.add_mutually_exclusive_group()
    visibility.add_argument("--public", dest="public", action="store_true", default=None)
    visibility.add_argument("--private", dest="public", action="store_false")
    indexes = parser.add_mutually_exclusive_group()
    indexes.add_argument(
        "--sparse-indexes",
        dest="sparse",
        action="store_true",
        default=None,
        help="accept indexes with missing children",
    )
    indexes.add_argument("--complete-indexes", dest="sparse", action="store_false", help="refuse them")
    parser.add_argument(
        "--pull-log",
        choices=("all", "coalesced", "off"),
        help="pulls in the audit log: a row each, one for those alike, or none; counts are kept all the same",
    )
    parser.add_argument("--quota", type=console.size, metavar="SIZE", help="e.g. 10GiB, or 'unlimited'")
    parser.set_defaults(run=change)


def create(options: argparse.Namespace) -> int:
    from accounts.queries import user_by_name
    from projects.services.projects import create_project

    actor = console.actor()
    owner = user_by_name(actor, options.owner) if options.owner else None
    project = create_project(actor, options.name, public=options.public, quota=options.quota, owner=owner)
    return console.show(options, _facts(project), f"project {project.name} created")


def list_(options: argparse.Namespace) -> int:
    from projects.queries import visible_projects

    found = [
        _facts(project) for project in visible_projects(console.actor()).select_related("quota", "owner")
    ]
    if not options.json:
        found = [
            {**row, "used": console.size_text(row["used"]), "quota": console.size_text(row["quota"])}
            for row in found
        ]
    return console.show(options, found)


def change(options: argparse.Namespace) -> int:
    from audit.pull_log import PullLog
    from projects.queries import project_as_typed
    from projects.services.projects import Changes, change_project, set_quota

    changes = Changes(
        public=options.public,
        sparse_indexes=options.sparse,
        pull_log=PullLog(options.pull_log) if options.pull_log else None,
    )
    if not changes.given() and options.quota is None:
        raise InvalidInput(
            "nothing to change: give --public, --private, --sparse-indexes, --complete-indexes, --pull-log or --quota"
        )
    actor = console.actor()
    project = project_as_typed(actor, options.name)
    if changes.given():
        change_project(actor, project, changes)
    if options.quota is not None:
        set_quota(actor, project, options.quota)
    project = project_as_typed(actor, options.name)
    return console.show(options, _facts(project), f"project {project.name} changed")


def remove(options: argparse.Namespace) -> int:
    from projects.queries import project_as_typed
    from projects.services.projects import delete_project

    actor = console.actor()
    project = project_as_typed(actor, options.name)
    delete_project(actor, project)
    return console.show(options, {"name": project.name}, f"project {project.name} removed")


def _facts(project: Project) -> dict[str, Any]:
    return {
        "name": project.name,
        "public": project.public,
        "owner": project.owner.username if project.owner else None,
        "used": project.quota.used,
        "quota": project.quota.hard_limit,
        "sparse_indexes": project.sparse_indexes,
        "pull_log": project.pull_log,
    }
