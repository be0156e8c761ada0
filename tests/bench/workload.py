"""What one connection of a closed loop asks for, over and over: written once for wrk (Lua) and once for our own player.

A closed loop asks again when it has its answer; `connections` of them make the load.
"""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.bench.content import PAD
from tests.bench.target import Answered, closing

Exchanges = Generator[bytes, Answered, None]
SMALL_BYTES = 10 * 1024
TAIL_CHARACTERS = 16
MARK = "@@MARK@@"


def salt() -> str:
    """Differs in every measurement: what is pushed in one is new in the next."""
    return f"{time.time_ns():x}"


@dataclass(frozen=True, slots=True)
class Caller:
    """What every request of a load carries."""

    host: str
    headers: Mapping[str, str]

    def render(self, method: str, path: str, body: bytes = b"") -> bytes:
        fields = {"Host": self.host, **self.headers}
        if method not in ("GET", "HEAD"):
            fields["Content-Length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body

    def lua(self) -> str:
        fields = ", ".join(f"[ {quoted(name)} ] = {quoted(value)}" for name, value in self.headers.items())
        return f"wrk.headers = {{ {fields} }}\n"


def quoted(text: str) -> str:
    """A Lua string literal; header values and JSON hold no closing bracket of this level."""
    return f"[==[{text}]==]"


class Workload(ABC):
    """`lua` writes the request (and response) functions; files it needs go into `folder`."""

    # Whether one unit of work is one request; else the answers with status 201 are counted.
    counts_creations = False

    @abstractmethod
    def lua(self, folder: Path) -> str: ...

    @abstractmethod
    def exchanges(self) -> Exchanges: ...


@dataclass(frozen=True, slots=True)
class Repeat(Workload):
    """The same GET or HEAD again; `distinct` adds a query nobody has asked before, so that no cache can answer."""

    caller: Caller
    method: str
    path: str
    distinct: bool = False

    def lua(self, folder: Path) -> str:  # noqa: ARG002 - needs no file
        path = quoted(self.path)
        if self.distinct:
            mark = "&" if "?" in self.path else "?"
            number = f'{path} .. "{mark}unheard={salt()}" .. number'
            return self.caller.lua() + (
                "local number = 0\n"
                f'function request() number = number + 1; return wrk.format("{self.method}", {number}) end\n'
            )
        return self.caller.lua() + (
            "local made\n"
            f'function init() made = wrk.format("{self.method}", {path}) end\n'
            "function request() return made end\n"
        )

    def exchanges(self) -> Exchanges:
        for number in count():
            extra = f"?unheard={salt()}{number}" if self.distinct else ""
            yield self.caller.render(self.method, self.path + extra)


@dataclass(frozen=True, slots=True)
class PutManifests(Workload):
    """Manifests under tags of their own. Where `template` holds MARK each manifest is new, else only the tag is."""

    caller: Caller
    repository: str
    template: str

    def lua(self, folder: Path) -> str:  # noqa: ARG002 - needs no file
        return self.caller.lua() + (
            f"local template, number = {quoted(self.template)}, 0\n"
            "function request()\n"
            "  number = number + 1\n"
            f'  local name = "{salt()}-" .. number\n'
            f'  local body = template:gsub("{MARK}", name)\n'
            f'  return wrk.format("PUT", {quoted(self._prefix)} .. name, nil, body)\n'
            "end\n"
        )

    @property
    def _prefix(self) -> str:
        return f"/v2/{self.repository}/manifests/t"

    def exchanges(self) -> Exchanges:
        for number in count():
            name = f"{salt()}-{number}"
            yield self.caller.render("PUT", self._prefix + name, self.template.replace(MARK, name).encode())


# Locations wait on a stack: any connection finishes any session, as wrk asks without saying which connection it is.
PUSH_LUA = """
local file = io.open(%(padding)s, "rb")
local padding = file:read("*a")
file:close()
local blobs, places, top, pushed = {}, {}, 0, 0
for line in io.lines(%(names)s) do blobs[#blobs + 1] = line end
function request()
  if top == 0 then return wrk.format("POST", %(start)s, nil, "") end
  local place = places[top]
  top = top - 1
  pushed = pushed + 1
  local blob = blobs[pushed]
  if blob == nil then error("more pushes than blobs were made") end
  local mark = place:find("?", 1, true) and "&" or "?"
  return wrk.format("PUT", place .. mark .. "digest=sha256%%3A" .. blob:sub(%(cut)d + 1), nil, padding .. blob:sub(1, %(cut)d))
end
function response(status, headers)
  if status == 201 then created = created + 1 end
  if status ~= 202 then return end
  local place = headers["Location"] or headers["location"]
  top = top + 1
  places[top] = place:gsub("^https?://[^/]+", "")
end
"""


@dataclass(frozen=True, slots=True)
class PushSmallBlobs(Workload):
    """POST and PUT of blobs of 10 KiB, each new; at most `limit` of them in one measurement."""

    counts_creations = True

    caller: Caller
    repository: str
    limit: int
    _made: Iterator[int] = field(default_factory=count)

    @property
    def _start(self) -> str:
        return f"/v2/{self.repository}/blobs/uploads/"

    def _blobs(self) -> Iterator[tuple[str, str]]:
        """(tail, hex digest) of each."""
        padding, mark = hashlib.sha256(PAD[: SMALL_BYTES - TAIL_CHARACTERS]), salt()
        for number in self._made:
            tail = hashlib.sha256(f"{mark} {number}".encode()).hexdigest()[:TAIL_CHARACTERS]
            digest = padding.copy()
            digest.update(tail.encode())
            yield tail, digest.hexdigest()

    def lua(self, folder: Path) -> str:
        names, padding = folder / "blobs", folder / "padding"
        padding.write_bytes(PAD[: SMALL_BYTES - TAIL_CHARACTERS])
        lines = (
            f"{tail}{digest}\n" for (tail, digest), _ in zip(self._blobs(), range(self.limit), strict=False)
        )
        names.write_text("".join(lines))
        return self.caller.lua() + PUSH_LUA % {
            "padding": quoted(str(padding)),
            "names": quoted(str(names)),
            "start": quoted(self._start),
            "cut": TAIL_CHARACTERS,
        }

    def exchanges(self) -> Exchanges:
        for tail, digest in self._blobs():
            answer = yield self.caller.render("POST", self._start)
            place = closing(answer.location, f"sha256:{digest}")
            yield self.caller.render("PUT", place, PAD[: SMALL_BYTES - TAIL_CHARACTERS] + tail.encode())
