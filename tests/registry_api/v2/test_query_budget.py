"""How many SQL statements each route costs with warm caches of tokens and epochs: the budget is the measured minimum.

BEGIN and COMMIT are counted apart. A route without a line in query_budget.json fails, and so does one that got cheaper: the
line is then lowered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.oci.digest import Digest
from database import sql
from registry_api.v2.urls import ROUTES
from tests.registry_api import documents
from tests.registry_api.client import MANIFEST, PASSWORD, Repository, World

BUDGET: dict[str, dict[str, int]] = json.loads(
    Path(__file__).with_name("query_budget.json").read_text(encoding="utf-8")
)
TRANSACTIONS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
CONFIG = b"{}"
NAME = "/v2/<name>"


@dataclass(frozen=True, slots=True)
class Act:
    """One request; `path` is below /v2/<name>/ unless it starts with a slash."""

    method: str
    path: str
    scope: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def fresh() -> bytes:
    return f"content {uuid4()}".encode()


def put(reference: str, payload: bytes, **options: Any) -> Act:
    headers = {"Content-Type": MANIFEST}
    return Act(
        "PUT", f"manifests/{reference}", options={"content": payload, "headers": headers, **options}
    )


def new_image(repository: Repository) -> bytes:
    """A manifest whose two layers and config have been pushed, as a client pushes it last."""
    layers = [fresh(), fresh()]
    for content in (CONFIG, *layers):
        repository.push_blob(content)
    return documents.manifest(CONFIG, layers)


def session(repository: Repository, method: str) -> Act:
    location = repository.start()
    content = fresh()
    options: dict[str, Any] = {"content": content} if method in ("PATCH", "PUT") else {}
    if method == "PUT":
        options["params"] = {"digest": str(Digest.of(content))}
    return Act(method, location, options=options)


def pinning_head(repository: Repository) -> Act:
    digest = repository.push_blob(fresh())
    sql.execute(
        "UPDATE repository_blob SET pinned_until = now() FROM blob WHERE blob.id = blob_id AND digest = %s",
        [Digest.parse(digest).raw],
    )
    return Act("HEAD", f"blobs/{digest}")


def mount(repository: Repository) -> Act:
    source = repository.client.repository(repository.name + "/source")
    query = {"mount": source.push_blob(fresh()), "from": source.name}
    scope = f"repository:{source.name}:pull"
    return Act("POST", "blobs/uploads/", scope=scope, options={"params": query})


def whole_blob(repository: Repository) -> Act:
    content = fresh()
    query = {"digest": str(Digest.of(content))}
    return Act("POST", "blobs/uploads/", options={"params": query, "content": content})


def unknown_mount(_repository: Repository) -> Act:
    return Act("POST", "blobs/uploads/", options={"params": {"mount": str(Digest.of(fresh()))}})


def ten_tags(repository: Repository) -> Act:
    payload = new_image(repository)
    return put(str(Digest.of(payload)), payload, params=[("tag", f"t{n}") for n in range(10)])


def referrer(repository: Repository) -> Act:
    subject = documents.descriptor(b"subject", MANIFEST)
    repository.push_blob(CONFIG)
    return put("note", documents.manifest(CONFIG, subject=subject))


def form(repository: Repository) -> Act:
    data = {
        "grant_type": "password",
        "username": repository.client.principal.name,
        "password": PASSWORD,
        "scope": f"repository:{repository.name}:pull,push",
    }
    return Act("POST", "/service/token", options={"data": data})


def token(repository: Repository) -> Act:
    scope = f"repository:{repository.name}:pull,push"
    headers = {"Authorization": repository.client.basic}
    return Act("GET", "/service/token", options={"params": {"scope": scope}, "headers": headers})


def image(repository: Repository) -> str:
    """An image under the tag `latest`; its digest."""
    return repository.push_image("latest")


def both(route: str, act: Callable[[str, Repository], Act]) -> dict[str, Callable[[Repository], Act]]:
    """GET and HEAD of a route."""
    return {
        f"{method} {route}": lambda repository, method=method: act(method, repository)
        for method in ("GET", "HEAD")
    }


ACTS: dict[str, Callable[[Repository], Act]] = {
    **both("/v2/", lambda method, _: Act(method, "/v2/")),
    **both("/v2/_catalog", lambda method, _: Act(method, "/v2/_catalog", "registry:catalog:*")),
    f"POST {NAME}/blobs/uploads/": lambda _: Act("POST", "blobs/uploads/"),
    f"POST {NAME}/blobs/uploads/ : whole blob": whole_blob,
    f"POST {NAME}/blobs/uploads/ : mount": mount,
    f"POST {NAME}/blobs/uploads/ : nothing to mount": unknown_mount,
    **{
        f"{method} {NAME}/blobs/uploads/<upload>": lambda repository, method=method: session(repository, method)
        for method in ("GET", "HEAD", "PATCH", "PUT", "DELETE")
    },
    **both(f"{NAME}/blobs/<digest>", lambda method, r: Act(method, f"blobs/{r.push_blob(fresh())}")),
    f"HEAD {NAME}/blobs/<digest> : lease to renew": pinning_head,
    f"DELETE {NAME}/blobs/<digest>": lambda r: Act("DELETE", f"blobs/{r.push_blob(fresh())}"),
    **both(f"{NAME}/manifests/<reference> : tag", lambda method, r: Act(method, f"manifests/{image(r) and 'latest'}")),
    **both(f"{NAME}/manifests/<reference> : digest", lambda method, r: Act(method, f"manifests/{image(r)}")),
    f"GET {NAME}/manifests/<reference> : missing": lambda r: Act("GET", f"manifests/{image(r)[:-9]}".replace(":", "-")),
    f"PUT {NAME}/manifests/<reference> : new": lambda r: put("latest", new_image(r)),
    f"PUT {NAME}/manifests/<reference> : again": lambda r: put(
        "latest", r.client.registry and r.call("GET", f"manifests/{image(r)}").content
    ),
    f"PUT {NAME}/manifests/<reference> : ten tags": ten_tags,
    f"PUT {NAME}/manifests/<reference> : referrer": referrer,
    f"DELETE {NAME}/manifests/<reference> : tag": lambda r: Act("DELETE", f"manifests/{image(r) and 'latest'}"),
    f"DELETE {NAME}/manifests/<reference> : digest": lambda r: Act("DELETE", f"manifests/{image(r)}"),
    **both(f"{NAME}/tags/list", lambda method, r: Act(method, f"tags/{image(r) and 'list'}")),
    **both(f"{NAME}/referrers/<digest>", lambda method, r: Act(method, f"referrers/{image(r)}")),
    "GET /service/token": token,
    "POST /service/token": form,
}


def readable(pattern: str) -> str:
    return "/" + re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", pattern).replace("/?", "/")


def test_every_route_and_method_has_a_budget() -> None:
    known = {f"{method} {readable(pattern)}" for pattern, methods in ROUTES.items() for method in methods}
    measured = {key.partition(" : ")[0] for key in BUDGET}
    assert known - measured == set()
    assert measured - known == {"GET /service/token", "POST /service/token"}
    assert set(BUDGET) == set(ACTS)


def cost(repository: Repository, act: Act) -> dict[str, int]:
    """What the request costs once its token is known to this process."""
    registry, client = repository.client.registry, repository.client
    scopes = [f"repository:{repository.name}:pull,push,delete", *filter(None, [act.scope])]
    bearer = {"Authorization": f"Bearer {registry.token(*scopes, basic=client.basic)}"}
    registry.request("GET", f"/v2/{repository.name}/referrers/{Digest.of(b'')}", headers=bearer)
    options = {**act.options}
    headers = {**bearer, **options.pop("headers", {})}
    path = act.path if act.path.startswith("/") else f"/v2/{repository.name}/{act.path}"
    with CaptureQueriesContext(connection) as queries:
        answer = registry.request(act.method, path, headers=headers, **options)
    assert answer.status_code < 400 or answer.status_code == 404, answer.text
    texts = [query["sql"].lstrip().upper() for query in queries]
    begun = sum(text.startswith("BEGIN") for text in texts)
    return {
        "statements": sum(not text.startswith(TRANSACTIONS) for text in texts),
        "transactions": begun,
    }


@pytest.mark.parametrize("route", ACTS)
def test_a_route_costs_what_its_budget_says(world: World, route: str) -> None:
    repository = world.repository("maintainer")
    # The repository exists: a first push ever costs one statement more.
    repository.push_blob(CONFIG)
    assert cost(repository, ACTS[route](repository)) == BUDGET[route]
