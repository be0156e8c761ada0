"""`wharf tag create|list|change|remove`."""

from __future__ import annotations

import argparse

from wharf import console


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("tag", help="tags of a repository").add_subparsers(required=True, metavar="VERB")
    create_parser = _parser(verbs, "create", "point a tag at what another tag or a digest names")
    create_parser.add_argument("tag")
    create_parser.add_argument("--at", required=True, metavar="TAG|DIGEST")
    create_parser.set_defaults(run=create)
    _parser(verbs, "list", "list tags, newest version first").set_defaults(run=list_)
    change_parser = _parser(verbs, "change", "make a tag immutable, or free it")
    change_parser.add_argument("tag")
    state = change_parser.add_mutually_exclusive_group(required=True)
    state.add_argument("--immutable", action="store_true")
    state.add_argument("--mutable", dest="immutable", action="store_false")
    change_parser.set_defaults(run=change)
    remove_parser = _parser(verbs, "remove", "delete a tag; the artifact stays")
    remove_parser.add_argument("tag")
    remove_parser.set_defaults(run=remove)


def _parser(verbs: console.SubParsers, name: str, help_: str) -> argparse.ArgumentParser:
    parser = console.verb(verbs, name, help_)
    parser.add_argument("repository", help="project/path")
    return parser


def create(options: argparse.Namespace) -> int:
    from artifacts import tags
    from artifacts.listings import target_by_name
    from core.oci.reference import Tag, parse_reference

    actor = console.actor()
    target = target_by_name(actor, options.repository)
    tag = Tag.parse(options.tag)
    digest = tags.add(actor, target, tag, reference=parse_reference(options.at))
    facts = {"repository": str(target.name), "tag": str(tag), "digest": str(digest)}
    return console.show(options, facts, f"{target.name}:{tag} is {digest}")


def list_(options: argparse.Namespace) -> int:
    from artifacts.listings import tags_of, target_by_name
    from core.oci.digest import Digest

    actor = console.actor()
    rows = [
        {
            "tag": tag.name,
            "digest": str(Digest.from_bytes(bytes(tag.artifact.digest))),
            "size": tag.size if options.json else console.size_text(tag.size),
            "platforms": tag.platforms if options.json else " ".join(tag.platforms),
            "immutable": tag.immutable,
            "pushed": tag.pushed_at,
            "by": tag.pushed_by,
        }
        for tag in tags_of(actor, target_by_name(actor, options.repository))
    ]
    return console.show(options, rows)


def change(options: argparse.Namespace) -> int:
    from artifacts import tags
    from artifacts.listings import target_by_name
    from core.oci.reference import Tag

    actor = console.actor()
    target = target_by_name(actor, options.repository)
    tag = Tag.parse(options.tag)
    tags.set_immutable(actor, target, tag, immutable=options.immutable)
    facts = {"repository": str(target.name), "tag": str(tag), "immutable": options.immutable}
    return console.show(
        options, facts, f"{target.name}:{tag} is {'immutable' if options.immutable else 'mutable'}"
    )


def remove(options: argparse.Namespace) -> int:
    from artifacts import tags
    from artifacts.listings import target_by_name
    from core.oci.reference import Tag

    actor = console.actor()
    target = target_by_name(actor, options.repository)
    tag = Tag.parse(options.tag)
    tags.delete(actor, target, tag)
    return console.show(
        options, {"repository": str(target.name), "tag": str(tag)}, f"tag {target.name}:{tag} removed"
    )
