"""`wharf audit seal|key|rotate-key|accept-restore`: the chain of seals and its keys."""

from __future__ import annotations

import argparse

from wharf import console


def register(verbs: console.SubParsers) -> None:
    console.verb(verbs, "seal", "seal what is ready now, as the shipper does every two seconds").set_defaults(
        run=seal
    )
    console.verb(
        verbs, "key", "the keys of the seal: ids, and the public halves that verify heads"
    ).set_defaults(run=key)
    console.verb(
        verbs, "rotate-key", "seal with a new key from now on; the old ones still verify"
    ).set_defaults(run=rotate)
    accept = "heads signed after the state that was restored bind no more; `wharf restore` does this itself"
    console.verb(verbs, "accept-restore", accept).set_defaults(run=accept_restore)


def seal(options: argparse.Namespace) -> int:
    from audit.seal import sealer as sealing
    from audit.seal.heads import append
    from wharf.environment import load

    environment = load()
    heads = environment.audit_heads_file
    sealer = sealing.Sealer(environment.audit_keys, (lambda head: append(heads, head),))
    sealed = sealer.step()
    while sealer.more:
        sealed += sealer.step()
    return console.show(options, {"sealed": sealed}, f"{sealed} rows sealed")


def key(options: argparse.Namespace) -> int:
    from audit.seal import heads, keys
    from wharf.environment import load

    ring = keys.read(load().audit_keys)
    rows = [
        {"id": each.id, "public_key": heads.public_key(each), "seals": each is ring.newest}
        for each in ring.keys
    ]
    return console.show(options, rows)


def rotate(options: argparse.Namespace) -> int:
    from access.table import P
    from audit.actions import action
    from audit.seal import keys
    from wharf.environment import load

    path = load().audit_keys
    with action(console.actor(), P.CONFIGURATION_UPDATE, name="audit.rotate-key") as act:
        added = keys.rotate(path)
        act.resource("audit-key", None, added.id)
    text = (
        f"{added.id} seals from now on. Copy {path} to every host whose shipper has it (one that lacks it seals nothing until "
        "then), and into the place where you keep it safe"
    )
    return console.show(options, {"id": added.id, "file": str(path)}, text)


def accept_restore(options: argparse.Namespace) -> int:
    from access.table import P
    from audit.actions import action
    from audit.seal import sealer as sealing

    with action(console.actor(), P.CONFIGURATION_UPDATE, name="audit.accept-restore") as act:
        noted = sealing.note_restored()
        if noted is None:
            act.discard()
        else:
            act.resource("audit-log", None, f"row {noted.seq}")
            act.detail["head"] = noted.head
    if noted is None:
        return console.show(options, {"seq": None}, "no head was signed beyond the end of the chain")
    return console.show(options, {"seq": noted.seq}, f"heads signed for rows after {noted.seq} bind no more")
