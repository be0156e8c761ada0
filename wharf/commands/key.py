"""`wharf key list|rotate`: the keys that sign registry tokens."""

from __future__ import annotations

import argparse

from wharf import console


def register(nouns: console.SubParsers) -> None:
    verbs = nouns.add_parser("key", help="keys that sign registry tokens").add_subparsers(
        required=True, metavar="VERB"
    )
    console.verb(verbs, "list", "list the keys that sign or still verify").set_defaults(run=list_)
    console.verb(verbs, "rotate", "sign with a fresh key; tokens already issued stay valid").set_defaults(
        run=rotate
    )


def list_(options: argparse.Namespace) -> int:
    from accounts.models import SigningKey

    rows = SigningKey.objects.order_by("-activated_at").values("kid", "activated_at", "retired_at")
    return console.show(options, list(rows))


def rotate(options: argparse.Namespace) -> int:
    from accounts import signing_keys

    kid = signing_keys.rotate(console.actor())
    return console.show(options, {"kid": kid}, f"tokens are signed with {kid} from now on")
