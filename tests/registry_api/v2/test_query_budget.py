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

pytestmark = pytest.mark.plain

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
    return Act("PUT", f"manifests/{reference}", options={"content": payload, "headers": headers, **options})


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


Prepare = Callable[[Repository], Act]


def plain(method: str, path: str, scope: str = "") -> Prepare:
    return lambda _repository: Act(method, path, scope)


def on_image(method: str, path: str) -> Prepare:
    """A request in a repository that holds an image tagged `latest`, whose digest `path` may name."""
    return lambda repository: Act(method, path.format(digest=repository.push_image("latest")))


def on_blob(method: str) -> Prepare:
    return lambda repository: Act(method, f"blobs/{repository.push_blob(fresh())}")


def on_session(method: str) -> Prepare:
    return lambda repository: session(repository, method)


def push_again(repository: Repository) -> Act:
    digest = repository.push_image("latest")
    return put("latest", repository.call("GET", f"manifests/{digest}").content)


def both(route: str, prepare: Callable[..., Prepare], *arguments: str) -> dict[str, Prepare]:
    """GET and HEAD of a route."""
    return {f"{method} {route}": prepare(method, *arguments) for method in ("GET", "HEAD")}


UPLOAD, MANIFESTS = f"{NAME}/blobs/uploads/<upload>", f"{NAME}/manifests/<reference>"
ACTS: dict[str, Prepare] = {
    **both("/v1/_ping/", plain, "/v1/_ping", "registry:catalog:*"),
    **both("/v1/search/", plain, "/v1/search?q=app", "registry:catalog:*"),
    **both("/v2/", plain, "/v2/"),
    **both("/v2/_catalog", plain, "/v2/_catalog", "registry:catalog:*"),
    f"POST {NAME}/blobs/uploads/": plain("POST", "blobs/uploads/"),
    f"POST {NAME}/blobs/uploads/ : whole blob": whole_blob,
    f"POST {NAME}/blobs/uploads/ : mount": mount,
    f"POST {NAME}/blobs/uploads/ : nothing to mount": unknown_mount,
    **{f"{method} {UPLOAD}": on_session(method) for method in ("GET", "HEAD", "PATCH", "PUT", "DELETE")},
    **both(f"{NAME}/blobs/<digest>", on_blob),
    f"HEAD {NAME}/blobs/<digest> : lease to renew": pinning_head,
    f"DELETE {NAME}/blobs/<digest>": on_blob("DELETE"),
    **both(f"{MANIFESTS} : tag", on_image, "manifests/latest"),
    **both(f"{MANIFESTS} : digest", on_image, "manifests/{digest}"),
    f"GET {MANIFESTS} : missing": on_image("GET", "manifests/missing"),
    f"PUT {MANIFESTS} : new": lambda repository: put("latest", new_image(repository)),
    f"PUT {MANIFESTS} : again": push_again,
    f"PUT {MANIFESTS} : ten tags": ten_tags,
    f"PUT {MANIFESTS} : referrer": referrer,
    f"DELETE {MANIFESTS} : tag": on_image("DELETE", "manifests/latest"),
    f"DELETE {MANIFESTS} : digest": on_image("DELETE", "manifests/{digest}"),
    **both(f"{NAME}/tags/list", on_image, "tags/list"),
    **both(f"{NAME}/referrers/<digest>", on_image, "referrers/{digest}"),
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
