"""`wharf openapi`: the OpenAPI document of the REST API, made of its source; bin/check compares it with the committed one."""

from __future__ import annotations

import argparse

from wharf import console


def register(nouns: console.SubParsers) -> None:
    parser = nouns.add_parser("openapi", help="print the OpenAPI 3 document of the REST API")
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    from registry_api.rest import openapi

    print(openapi.document(), end="")
    return 0
