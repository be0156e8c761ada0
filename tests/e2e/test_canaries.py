"""Secrets that nobody may ever read again: unique ones are put in at every door, and then looked for everywhere."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import httpx2
import pytest
import redis
import yaml

from tests.e2e.clients import Login
from tests.e2e.directory import MOD_REPLACE, Place
from tests.e2e.registry import basic
from tests.e2e.server import CHECKOUT, Wharf
from tests.ldap.slapd import SEARCH_DN, slapd
from wharf import programs
from wharf.layout import DataLayout

PATHS = ("/v2/", "/v2/_catalog", "/service/token", "/v2/team/app/manifests/latest", "/api/v2.0/systeminfo")
COMMANDS = (
    "user list", "user show ann", "config list", "config get ldap_search_password", "config describe ldap_search_password",
    "project list", "jobs list", "jobs workers", "schedule list", "group list", "ldap search people ann", "ldap sync --dry-run",
)  # fmt: skip


def canary(kind: str) -> str:
    return f"Canary.{kind}.{uuid4().hex}"


SEARCH, PERSON, LOCAL, WRONG, HEADER, KEY = map(
    canary, ("search", "person", "local", "wrong", "header", "key")
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("canaries")
    with slapd(folder / "directory") as directory:
        # With a first start of its own: that prints the administrator's password, and is by its own key.
        server = Keyed(Path(tempfile.mkdtemp(prefix="wharf-", dir="/tmp")))
        try:
            server.start({"WHARF_LOG_LEVEL": "DEBUG"})
            directory.set_password(SEARCH_DN, SEARCH)
            directory.add_person("ann", PERSON)
            found = Place(server, directory, folder)
            found.configure(**directory.settings | {"ldap_search_password": SEARCH})
            server.run("user", "create", "local", stdin=f"{LOCAL}\n")
            yield found
        finally:
            server.remove()


class Keyed(Wharf):
    """Its secret key comes from the environment, as in production."""

    def environment(self, extra: object = None) -> dict[str, str]:
        return super().environment(extra) | {"WHARF_SECRET_KEY": KEY}  # type: ignore[arg-type]


def needles(*more: str) -> list[bytes]:
    """Each canary as it was typed and as headers, forms and logs may carry it."""
    plain = [SEARCH, PERSON, LOCAL, WRONG, HEADER, KEY, *more]
    encoded = [basic(Login(name, word)).partition(" ")[2] for name in ("ann", "local") for word in plain]
    return [
        form.encode()
        for word in plain
        for form in (word, quote(word), base64.b64encode(word.encode()).decode())
    ] + [each.encode() for each in encoded]


def rest_paths() -> list[str]:
    """Every route of the REST API that can be read without an id."""
    document = yaml.safe_load((CHECKOUT / "registry_api/rest/openapi.yaml").read_text())
    return [f"/api/v2.0{path}" for path in document["paths"] if "{" not in path]


def drive(here: Place) -> bytes:
    """Everything a person or program may ask, right and wrong; all that was answered."""
    headers = [
        basic(Login("ann", PERSON)),
        basic(Login("local", LOCAL)),
        basic(Login("ann", WRONG)),
        basic(Login("local", WRONG)),
        basic(Login(WRONG, WRONG)),
        f"Bearer {HEADER}",
        f"Basic {HEADER}",
        f"{HEADER}",
        basic(here.wharf.admin),
    ]
    said = []
    with httpx2.Client(base_url=here.wharf.url, timeout=30, trust_env=False) as http:
        for path in (*PATHS, *rest_paths()):
            for header in headers:
                answer = http.get(path, headers={"Authorization": header})
                said.append(answer.content + str(answer.headers).encode())
        for name, password in (("ann", PERSON), ("ann", WRONG), ("local", LOCAL)):
            form = {"grant_type": "password", "username": name, "password": password}
            said.append(http.post("/service/token", data=form).content)
            form["grant_type"] = "refresh_token"
            said.append(http.post("/service/token", data=form).content)
    return b"\n".join(said)


def typed(here: Place) -> bytes:
    """What commands print, in text and in JSON."""
    said = []
    for line in COMMANDS:
        for more in ([], ["--json"]):
            done = here.wharf.try_run(*line.split(), *more)
            assert done.returncode == 0, done.stderr
            said.append(done.stdout + done.stderr)
    said.append(here.wharf.run("ldap", "sync", "--wait"))
    for word in (PERSON, WRONG):
        done = here.wharf.try_run("ldap", "test", "--user", "ann", "--password-stdin", stdin=f"{word}\n")
        said.append(done.stdout + done.stderr)
    runs = json.loads(here.wharf.run("jobs", "list", "--limit", "20", "--json"))
    said += [here.wharf.run("jobs", "log", str(run["id"])) for run in runs]
    return "\n".join(said).encode()


def logs(here: Place) -> bytes:
    files = [here.wharf.log, *(path for path in (here.wharf.data / "logs").rglob("*") if path.is_file())]
    return b"\n".join(path.read_bytes() for path in files)


def database(here: Place) -> bytes:
    program = programs.client("pg_dump")
    assert program is not None
    url = DataLayout(here.wharf.data).database_url("wharf_owner")
    done = subprocess.run([str(program), "--dbname", url], capture_output=True, check=True)
    return done.stdout


def broker(here: Place) -> bytes:
    """Every key of Valkey, and the file it appends every command to: also what was taken out again."""
    valkey = redis.Redis(unix_socket_path=str(DataLayout(here.wharf.data).run / "valkey.sock"))
    kept = [valkey.dump(key) or b"" for key in valkey.scan_iter()]
    appended = [path.read_bytes() for path in here.wharf.data.rglob("*.aof") if path.is_file()]
    return b"\n".join([*kept, *appended])


def test_no_secret_is_kept_or_told_anywhere(here: Place):
    answered, printed = drive(here), typed(here)
    here.directory.modify(SEARCH_DN, MOD_REPLACE, "userPassword", ["another one"])
    drive(here)  # the search account is refused
    here.directory.stop()
    drive(here)  # nobody answers
    assert here.wharf.try_run("ldap", "sync", "--wait").returncode == 1
    here.directory.start()
    places = {
        "answers": answered,
        "commands": printed,
        "logs": logs(here),
        "database": database(here),
        "broker": broker(here),
    }
    sealed = re.search(rb"ldap_search_password", places["database"])
    assert sealed, "the dump is not what it should be"
    assert b"directory" in places["logs"]
    found = {
        (place, needle[:40])
        for place, text in places.items()
        for needle in needles(here.wharf.admin.password)
        if needle in text
    }
    # The administrator's first password is printed once, for the person who starts the server.
    first = here.wharf.admin.password.encode()
    assert {each for each in found if each != ("logs", first[:40])} == set()
    assert Path(here.wharf.log).read_bytes().count(first) == 1
