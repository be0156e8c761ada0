"""`wharf ready`: whether the server of this environment can take a push; the health check of containers."""

from __future__ import annotations

import argparse

NEEDS_DJANGO = False


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser("ready", help="exit with 0 when the server here can take a push, else with 1")
    parser.add_argument("--alive", action="store_true", help="ask only whether it answers at all")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from wharf import environment, probe

    path = "/livez" if options.alive else "/readyz"
    good = probe.answers(environment.load(), path)
    print("ready" if good else "not ready")
    return 0 if good else 1
