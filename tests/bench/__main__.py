"""bin/bench: start the registries, push, measure in turn, print one table, stop everything."""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import platform
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from tests.bench import api, audit, generators, jobs, options, processes, pushing, rounds, ui
from tests.bench.operations import operations
from tests.bench.plan import OTHERS, Operation, Options
from tests.bench.report import Line, bottom_line, line
from tests.bench.servers import OwnDockerRegistry, OwnWharf, Peer, free_port
from tests.bench.table import table
from tests.bench.target import Target

SUBJECT, BASELINE = "wharf", "docker-registry"
NOISY = 0.1
OPEN_FILES = 8192


def main() -> int:
    if sys.argv[1:2] == ["jobs"]:
        return jobs.main(sys.argv[2:])
    if sys.argv[1:2] == ["audit"]:
        return audit.main(sys.argv[2:])
    if sys.argv[1:2] == ["api"]:
        return api.main(sys.argv[2:])
    if sys.argv[1:2] == ["ui"]:
        return ui.main(sys.argv[2:])
    asked = options.parse(sys.argv[1:])
    chosen = chosen_operations(asked)
    if asked.operations == ("list",):
        sys.stdout.write("".join(f"{one.name:24}{one.rows[0].title}\n" for one in operations(asked.sizes)))
        return 0
    if not chosen:
        sys.stderr.write("no operation has such a name; --ops list shows all\n")
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    _allow_many_sockets()
    facts, samples, status = _measure(asked, chosen)
    lines = [
        line(row, samples[one.name], subject=SUBJECT, baseline=BASELINE)
        for one in chosen
        if one.name in samples
        for row in one.rows
    ]
    _print(facts, lines, samples)
    if asked.json:
        asked.json.write_text(_json(facts, lines, samples))
    return status


def _measure(asked: Options, chosen: list[Operation]) -> tuple[dict[str, str], rounds.Samples, int]:
    """Facts, samples and exit status: 130 when somebody ended the run early, with what was measured until then."""
    samples: rounds.Samples = {}
    facts: dict[str, str] = {}
    begun, load = time.monotonic(), os.getloadavg()[0]
    try:
        with running(asked) as targets:
            facts |= _facts(targets, load) | {"rounds": str(asked.rounds)}
            rounds.run(chosen, targets, samples, sizes=asked.sizes, rounds=asked.rounds)
    except KeyboardInterrupt:
        facts["ended early"] = f"{len(samples)} of {len(chosen)} operations were measured"
    facts["minutes"] = f"{(time.monotonic() - begun) / 60:.1f}"
    return facts, samples, 130 if "ended early" in facts else 0


def _interrupt(_number: int, _frame: object) -> NoReturn:
    """A terminated run stops its servers and tells what it has, as one that Ctrl-C ended."""
    raise KeyboardInterrupt


def _allow_many_sockets() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, OPEN_FILES), hard))


def chosen_operations(asked: Options) -> list[Operation]:
    return [
        one
        for one in operations(asked.sizes)
        if any(fnmatch.fnmatchcase(one.name, pattern) for pattern in asked.operations)
        and (one.quick or not asked.quick or asked.operations != ("*",))
    ]


@contextlib.contextmanager
def running(asked: Options) -> Iterator[list[Target]]:
    """The registries, started, with one image in each; our own are gone afterwards, data and all."""
    peers = [Peer(given, asked.pids) for given in asked.peers]
    taken = {peer.port for peer in peers}
    ports = [free_port(taken)]
    ports.append(free_port(taken | set(ports)))
    with tempfile.TemporaryDirectory(prefix="wharf-bench-", dir=asked.data or "/tmp") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's user must pass
        wharf = OwnWharf(Path(folder) / "wharf", ports[0], asked.settings)
        docker = OwnDockerRegistry(Path(folder) / "docker", ports[1])
        try:
            docker.start()
            wharf.start()
            targets: list[Target] = [wharf, docker, *peers]
            for target in targets:
                target.pushed = pushing.push_image(target, f"run{int(time.time())}")
            yield targets
        finally:
            docker.remove()
            wharf.remove()


def _facts(targets: list[Target], load: float) -> dict[str, str]:
    versions = ", ".join(f"{target.name} {target.version}".strip() for target in targets)
    return {
        "registries": versions,
        "machine": f"{processes.CPUS} CPUs shared by client and server, Linux {platform.release()}, loopback",
        "client": generators.names(),
        "load before": f"{load:.1f}",
    }


def _print(facts: dict[str, str], lines: list[Line], samples: rounds.Samples) -> None:
    sys.stdout.write("".join(f"{name}: {fact}\n" for name, fact in facts.items()) + "\n")
    if not lines:
        return
    peers = [name for name in lines[0].figures if name not in (SUBJECT, BASELINE)]
    sys.stdout.write(table(lines, subject=SUBJECT, baseline=BASELINE, peers=peers) + "\n")
    sys.stdout.write(bottom_line(lines) + "\n")
    disturbed = _disturbed(samples)
    if disturbed:
        sys.stdout.write(
            f"other programs took more than {NOISY:.0%} of the CPUs during: {', '.join(disturbed)}\n"
        )


def _disturbed(samples: rounds.Samples) -> list[str]:
    """Operations during which third parties were busy in most rounds: their figures are worth little."""
    found = []
    for name, by_target in samples.items():
        shares = [sample.measures.get(OTHERS, 0.0) for given in by_target.values() for sample in given]
        if sum(share > NOISY for share in shares) * 2 > len(shares):
            found.append(name)
    return found


def _json(facts: dict[str, str], lines: list[Line], samples: rounds.Samples) -> str:
    raw = {
        name: {target: [asdict(sample) for sample in given] for target, given in by_target.items()}
        for name, by_target in samples.items()
    }
    return (
        json.dumps({"facts": facts, "table": [asdict(one) for one in lines], "samples": raw}, indent=1) + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())
