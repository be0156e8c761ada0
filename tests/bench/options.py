"""The command line of bin/bench."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tests.bench.content import MIB
from tests.bench.plan import Options, Sizes

DESCRIPTION = """Measures a Wharf of its own beside Debian's docker-registry on this machine and prints one table.
Takes about twenty minutes; with --quick two. Nothing here passes or fails: read the ratios."""
EVERYTHING = Sizes(seconds=1, large=512 * MIB, names=10_000, clients=500)
FEW = Sizes(seconds=1, large=64 * MIB, names=1_000, clients=50)
ROUNDS, FEW_ROUNDS = 5, 3


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=VALUE")
    return name, value


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bin/bench", description=DESCRIPTION)
    peer = "[name=]http://[user:password@]127.0.0.1:port[/project]: one more registry that runs here"
    parser.add_argument("--peer", action="append", default=[], metavar="URL", help=peer)
    pid = "NAME=PID: the process of a peer whose tree is its server (default: who listens on its port)"
    parser.add_argument("--pid", action="append", default=[], type=_pair, help=pid)
    parser.add_argument("--rounds", type=_at_least_one, help=f"measurements of each (default {ROUNDS})")
    parser.add_argument("--secs", type=_at_least_one, help="seconds of each (default 1)")
    ops = "names with wildcards, comma-separated: manifest-*,push-put (default: all); --ops list names them"
    parser.add_argument("--ops", default="*", help=ops)
    parser.add_argument("--quick", action="store_true", help="a few operations, small sizes, 3 rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every single measurement")
    parser.add_argument(
        "--large", type=_at_least_one, metavar="MIB", help="size of a large blob (default 512)"
    )
    parser.add_argument(
        "--names", type=_at_least_one, help="tags and repositories of long lists (default 10000)"
    )
    parser.add_argument("--clients", type=_at_least_one, help="slow clients (default 500)")
    setting = "NAME=VALUE: environment of Wharf, such as WHARF_FAST_LANE=false"
    parser.add_argument("--setting", action="append", default=[], type=_pair, help=setting)
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="where both registries keep their data (default /tmp)"
    )
    return parser


def parse(arguments: Sequence[str]) -> Options:
    """Ends the program on a wrong argument, as argparse does."""
    parser = _parser()
    given = parser.parse_args(arguments)
    default = FEW if given.quick else EVERYTHING
    try:
        pids = {name: int(pid) for name, pid in given.pid}
    except ValueError as error:
        parser.error(f"--pid: {error}")
    return Options(
        sizes=Sizes(
            seconds=given.secs or default.seconds,
            large=given.large * MIB if given.large else default.large,
            names=given.names or default.names,
            clients=given.clients or default.clients,
        ),
        rounds=given.rounds or (FEW_ROUNDS if given.quick else ROUNDS),
        operations=tuple(given.ops.split(",")),
        quick=given.quick,
        peers=tuple(given.peer),
        pids=pids,
        settings=dict(given.setting),
        json=given.json,
        data=given.data,
    )
