"""Who makes the load of small requests: wrk, ab for HEAD (wrk waits for the body of a HEAD), or our own player.

All three keep connections alive and run one thread; the C programs take far less of the CPUs that the server needs too.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.bench.player import Load, play
from tests.bench.workload import Repeat, Workload

GRACE = 60.0
MOST_REQUESTS = 400_000  # ab keeps 40 bytes of each
KEPT_ALIVE = 0.9

DONE_LUA = """
created = 0
local threads = {}
function setup(thread) threads[#threads + 1] = thread end
function done(summary, latency)
  local made, errors = 0, summary.errors
  for _, thread in ipairs(threads) do made = made + thread:get("created") end
  io.write(string.format('\\nDONE {"requests":%d,"us":%d,"created":%d,"failed":%d,"p50_us":%d,"p95_us":%d,"p99_us":%d}\\n',
    summary.requests, summary.duration, made,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
"""


class GeneratorFailed(Exception):
    """A load generator ended without figures; the message holds what it said."""


def names() -> str:
    """The load generators in use, for the report."""
    small = "wrk" if shutil.which("wrk") else "python"
    return f"{small}, {'ab' if shutil.which('ab') else 'python'} for HEAD"


def generate(workload: Workload, port: int, *, connections: int, seconds: int) -> Load:
    """Run the load. Raises GeneratorFailed."""
    if isinstance(workload, Repeat) and workload.method == "HEAD":
        if shutil.which("ab") and not workload.distinct:
            return _ab(workload, connections=connections, seconds=seconds)
    elif shutil.which("wrk"):
        return _wrk(workload, port, connections=connections, seconds=seconds)
    return play(workload, port, connections=connections, seconds=seconds)


def _wrk(workload: Workload, port: int, *, connections: int, seconds: int) -> Load:
    with tempfile.TemporaryDirectory(prefix="wharf-bench-") as folder:
        script = Path(folder) / "load.lua"
        script.write_text(DONE_LUA + workload.lua(Path(folder)))
        said = _run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script)],
            url=f"http://127.0.0.1:{port}/",
            seconds=seconds,
        )
    found = re.search(r"^DONE (\{.*\})$", said, re.MULTILINE)
    if found is None:
        raise GeneratorFailed(said[:500])
    figures = json.loads(found[1])
    done = figures["created"] if workload.counts_creations else figures["requests"] - figures["failed"]
    p50, p95, p99 = (figures[f"p{each}_us"] / 1e3 for each in (50, 95, 99))
    return Load(done, figures["us"] / 1e6, p50, p95, p99, figures["failed"])


AB_FIGURES = {
    "complete": r"Complete requests:\s+(\d+)",
    "failed": r"Failed requests:\s+(\d+)",
    "non_2xx": r"Non-2xx responses:\s+(\d+)",
    "kept_alive": r"Keep-Alive requests:\s+(\d+)",
    "seconds": r"Time taken for tests:\s+([\d.]+)",
    "p50": r"\n\s+50%\s+(\d+)",
    "p95": r"\n\s+95%\s+(\d+)",
    "p99": r"\n\s+99%\s+(\d+)",
}


def _ab(workload: Repeat, *, connections: int, seconds: int) -> Load:
    """HEAD over kept-alive HTTP/1.0, the only version ab speaks."""
    fields = [part for name, value in workload.caller.headers.items() for part in ("-H", f"{name}: {value}")]
    said = _run(
        ["ab", "-q", "-i", "-k", f"-c{connections}", f"-t{seconds}", f"-n{MOST_REQUESTS}", *fields],
        url=f"http://{workload.caller.host}{workload.path}",
        seconds=seconds,
    )
    found = {name: re.search(pattern, said) for name, pattern in AB_FIGURES.items()}
    figures = {name: float(match[1]) for name, match in found.items() if match}
    if not figures.get("complete"):
        raise GeneratorFailed(said[:500])
    if figures.get("kept_alive", 0) < KEPT_ALIVE * figures["complete"]:
        raise GeneratorFailed("the server closed connections that ab asked it to keep")
    failed = int(figures.get("failed", 0) + figures.get("non_2xx", 0))
    return Load(
        int(figures["complete"]) - failed,
        figures["seconds"],
        figures.get("p50", 0.0),
        figures.get("p95", 0.0),
        figures.get("p99", 0.0),
        failed,
    )


def _run(command: list[str], *, url: str, seconds: int) -> str:
    done = subprocess.run(
        [*command, url], capture_output=True, text=True, timeout=seconds + GRACE, check=False
    )
    return done.stdout + done.stderr
