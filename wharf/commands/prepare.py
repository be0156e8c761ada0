"""`wharf prepare`: what `wharf up` does before it serves, for external services: schema, storage, first rows.

Run it once before the first start and before each new version starts (the service `migrate` of docker-compose.yml). May be
repeated: it makes only what is not there.
"""

from __future__ import annotations

import argparse
import sys

NEEDS_DJANGO = False


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser(
        "prepare", help="bring database and storage up to date; make the first administrator"
    )
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    from wharf import environment, preflight, prepare

    given = environment.load()
    try:
        preflight.external_services(given)
        preflight.data_folder(given.layout)
        preflight.storage_folder(given)
    except preflight.StartRefused as reason:
        print(f"wharf: {reason}", file=sys.stderr)
        return 1
    password = prepare.prepare()
    print("wharf: database and storage are ready")
    if password:
        print(f"wharf: administrator: admin / {password} (shown only now)")
    return 0
