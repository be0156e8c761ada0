"""`wharf oidc test`: an OpenID provider."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from core.errors import ProviderUnavailable, WharfError
from wharf import console

if TYPE_CHECKING:
    from accounts.oidc import Step


def register(nouns: console.SubParsers) -> None:
    noun = nouns.add_parser("oidc", help="an OpenID provider people sign in at")
    verbs = noun.add_subparsers(required=True, metavar="VERB")
    parser = console.verb(
        verbs, "test", "try the provider step by step, with settings that need not be saved"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="pairs",
        metavar="KEY=VALUE",
        help="instead of what is stored",
    )
    parser.add_argument(
        "--from-file",
        action="append",
        default=[],
        metavar="KEY=PATH",
        help="the value is what the file holds",
    )
    parser.add_argument("--stdin", metavar="KEY", help="the value is asked for, or read from standard input")
    parser.set_defaults(run=test)


def test(options: argparse.Namespace) -> int:
    from accounts.oidc import ProviderSettings, diagnose
    from wharf.commands import config

    try:
        settings = ProviderSettings.proposed(config.given(options))
    except ProviderUnavailable as error:
        raise WharfError(error.told) from None
    steps = diagnose(settings)
    done = all(step.ok for step in steps)
    if options.json:
        console.show(options, {"ok": done, "steps": [asdict(step) for step in steps]})
    else:
        _print(options, steps)
    return 0 if done else 1


def _print(options: argparse.Namespace, steps: list[Step]) -> None:
    rows = [
        {"step": step.name, "ok": step.ok, "ms": step.milliseconds, "found": step.detail} for step in steps
    ]
    console.show(options, rows)
    for step in steps:
        if step.hint:
            sys.stdout.write(f"{step.name}: {step.hint}\n")
