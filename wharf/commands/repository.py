"""`wharf repository list|change|remove`. A repository is created by the first push to it."""

from __future__ import annotations

import argparse

from wharf import console


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("repository", help="repositories").add_subparsers(required=True, metavar="VERB")
    list_parser = console.verb(verbs, "list", "list repositories, of one project or of all")
    list_parser.add_argument("project", nargs="?")
    list_parser.set_defaults(run=list_)
    change_parser = console.verb(verbs, "change", "change a repository")
    change_parser.add_argument("name", help="project/path")
    change_parser.add_argument("--description", required=True)
    change_parser.set_defaults(run=change)
    remove_parser = console.verb(verbs, "remove", "delete a repository with all its tags and artifacts")
    remove_parser.add_argument("name", help="project/path")
    remove_parser.set_defaults(run=remove)


def list_(options: argparse.Namespace) -> int:
    from artifacts.listings import visible_repositories
    from projects.queries import project_as_typed

    actor = console.actor()
    found = visible_repositories(actor)
    if options.project:
        found = found.filter(project=project_as_typed(actor, options.project))
    rows = found.values_list("name", "created_at", "description")
    return console.show(
        options, [{"name": name, "created": created, "description": text} for name, created, text in rows]
    )


def change(options: argparse.Namespace) -> int:
    from artifacts import repositories
    from artifacts.listings import target_by_name

    actor = console.actor()
    target = target_by_name(actor, options.name)
    repositories.describe(actor, target, options.description)
    facts = {"name": str(target.name), "description": options.description}
    return console.show(options, facts, f"repository {target.name} changed")


def remove(options: argparse.Namespace) -> int:
    from artifacts import repositories
    from artifacts.listings import target_by_name

    actor = console.actor()
    target = target_by_name(actor, options.name)
    repositories.delete(actor, target)
    return console.show(
        options,
        {"name": str(target.name)},
        f"repository {target.name} removed; its space is given back in the background",
    )
