"""`wharf serve`: the one role that WHARF_ROLE names, in the foreground (containers, service managers)."""

from __future__ import annotations

import argparse
import sys

NEEDS_DJANGO = False


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser("serve", help="run the role of WHARF_ROLE alone, against external services")
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    from wharf import environment, serve
    from wharf.preflight import StartRefused

    try:
        serve.serve(environment.load())
    except StartRefused as reason:
        print(f"wharf: {reason}", file=sys.stderr)
        return 1
