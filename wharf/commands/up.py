"""`wharf up`: everything on this machine, in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse

NEEDS_DJANGO = False


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser("up", help="start the registry here and serve until Ctrl-C")
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    from wharf import environment, instance

    return instance.Instance(environment.load()).run()
