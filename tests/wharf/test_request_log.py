"""One JSON line per request: what it was, who made it, how it ended; never what could be used again."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.registry import Registry
from tests.images import image
from tests.instances import Instance
from tests.wharf.running import admin, running

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with running() as started:
        yield started


def lines(instance: Instance, **facts: Any) -> list[dict[str, Any]]:
    """The request lines with these facts; the log is read when it has grown by what was asked last."""
    text = (instance.data / "logs" / "gunicorn.log").read_text()
    found = [json.loads(line) for line in text.splitlines()]
    return [each for each in found if each.get("event") == "request" and facts.items() <= each.items()]


def awaited(instance: Instance, **facts: Any) -> dict[str, Any]:
    """The one line with these facts: it is written after the answer was sent."""
    deadline = time.monotonic() + 5
    while not (found := lines(instance, **facts)):
        assert time.monotonic() < deadline, facts
        time.sleep(0.02)
    assert len(found) == 1
    return found[0]


def raw(instance: Instance, head: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", instance.port), timeout=10) as connection:
        connection.sendall(head)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_a_pull_is_one_line_with_all_its_facts(instance: Instance) -> None:
    pushed = image({"a": b"b" * 5000})
    with Registry(f"http://127.0.0.1:{instance.port}", admin(instance)) as client:
        client.push("library/app", "v1", pushed)
        answer = client.request(
            "GET",
            f"/v2/library/app/blobs/{pushed.layers[0].digest}?some=query",
            scope="repository:library/app:pull",
            headers={"X-Request-Id": "asked-1", "User-Agent": "docker/28"},
        )
    assert answer.headers["x-request-id"] == "asked-1"
    line = awaited(instance, request_id="asked-1")
    assert line.pop("timestamp").startswith("20")
    assert 0 < line.pop("ms") < 10_000
    line.pop("lane", None)
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "wharf.requests",
        "request_id": "asked-1",
        "method": "GET",
        "route": "blob",
        "path": f"/v2/library/app/blobs/{pushed.layers[0].digest}",
        "status": 200,
        "received": 0,
        "sent": len(pushed.layers[0].data),
        "ip": "127.0.0.1",
        "agent": "docker/28",
        "actor": "admin",
    }
    uploads = lines(instance, route="upload", method="PATCH", status=202)
    assert sum(each["received"] for each in uploads) == sum(len(blob.data) for blob in pushed.blobs)


def test_nothing_that_could_be_used_again_is_written(instance: Instance) -> None:
    who = admin(instance)
    basic = base64.b64encode(f"{who.username}:{who.password}".encode()).decode()
    with Registry(f"http://127.0.0.1:{instance.port}", who) as client:
        client.push("library/app", "v1", image({"a": b"b"}))
        token = client.authorization(client.push_scope("library/app"))
        form = f"grant_type=password&service=wharf-registry&username=admin&password={who.password}"
        oauth = client.http.post("/service/token", content=form)
        assert oauth.status_code == 200, oauth.text
        client.http.get(
            "/v2/", params={"password": "canary-in-query"}, headers={"Authorization": "Basic canary-header"}
        )
        client.http.get("/v2/", headers={"Cookie": "session=canary-cookie", "X-Api-Key": "canary-key"})
        client.http.get("/", headers={"Authorization": f"Basic {basic}"}, params={"token": "canary-token"})
    awaited(instance, route="home", status=200)
    written = "".join(path.read_text(errors="replace") for path in (instance.data / "logs").iterdir())
    assert written.count('"request"') > 10
    for secret in (who.password, basic, token.removeprefix("Bearer "), oauth.json()["token"], "canary"):
        assert secret not in written


def test_a_path_cannot_forge_or_colour_a_line(instance: Instance) -> None:
    host = f"Host: 127.0.0.1:{instance.port}\r\nConnection: close\r\n".encode()
    raw(
        instance,
        b"GET /v2/a%0a%7b%22event%22:1%7d%1b%5b31m%c2%9b/tags/list HTTP/1.1\r\nX-Request-Id: forged\r\n"
        + host
        + b"\r\n",
    )
    raw(
        instance,
        b"GET /v2/" + b"a" * 5000 + b"/tags/list HTTP/1.1\r\nX-Request-Id: long\r\n" + host + b"\r\n",
    )
    raw(
        instance,
        b"GET / HTTP/1.1\r\nX-Request-Id: bad id\r\nUser-Agent: \x9b31m"
        + b"u" * 900
        + b"\r\n"
        + host
        + b"\r\n",
    )
    line = awaited(instance, request_id="forged")
    assert line["path"] == '/v2/a\\n{"event":1}\\x1b[31m\\x9b/tags/list'
    assert len(awaited(instance, request_id="long")["path"]) == 1024
    [agent] = [
        line["agent"] for line in lines(instance, route="home") if line["agent"].startswith("\\x9b31m")
    ]
    assert len(agent) == 256
    assert lines(instance, request_id="bad id") == []


def test_probes_that_go_well_are_not_written_and_the_log_can_be_switched_off(instance: Instance) -> None:
    assert instance.get("/readyz")[0] == 200
    head = f"GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1:{instance.port}\r\nX-Request-Id: after-the-probe\r\n"
    raw(instance, f"{head}Connection: close\r\n\r\n".encode())
    awaited(instance, request_id="after-the-probe")
    assert lines(instance, route="readyz") == lines(instance, route="livez") == []
    assert instance.stop() == 0
    instance.environment["WHARF_REQUEST_LOG"] = "false"
    written = len(lines(instance))
    instance.start()
    assert instance.get("/v2/")[0] == 401
    assert instance.stop() == 0
    assert len(lines(instance)) == written
