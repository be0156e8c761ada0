"""`wharf migrate`: bring the database schema up to date, as the owner of the tables."""

from __future__ import annotations

import argparse


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser("migrate", help="bring the database schema up to date")
    parser.add_argument("--quiet", action="store_true", help="print nothing when all goes well")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from wharf import environment, migration

    migration.migrate(environment.load(), verbosity=0 if options.quiet else 1)
    return 0
