"""What somebody who wants to act in another's name would push: markup and script wherever a registry takes words."""

from __future__ import annotations

import gzip
import random
from typing import Any, Final
from urllib.parse import quote

from tests.e2e.registry import Registry, basic
from tests.e2e.server import Wharf
from tests.images import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Content, Image, artifact, encode, tar

# Each tells that it ran, in its own way of running.
ATTACKS: Final = (
    "<script>window.hacked=1;alert(1)</script>",
    '"><img src=x onerror="window.hacked=1;alert(1)">',
    "' onmouseover='alert(1)' autofocus onfocus='alert(1)' x='",
    "</title></textarea></style></script><svg onload=alert(1)>",
    "javascript:alert(1)//",
    "{{ 7|add:7 }}{% csrf_token %}${alert(1)}",
    "<a href=javascript:alert(1) hx-get=/auth/logout hx-trigger=load>a</a>",
)
ALL: Final = " ".join(ATTACKS)
LINKS: Final = (
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'https://x.example/"onmouseover="alert(1)',
)
PROJECT: Final = "harm"
REPOSITORY: Final = f"{PROJECT}/app/image"
TAG: Final = "1.0"
README: Final = "\n\n".join(
    [
        "# Title <script>alert(1)</script>",
        *ATTACKS,
        *(f"[link]({each})" for each in LINKS),
        "![picture](https://pictures.example/x.png)",
        "<style>body { display: none }</style><form action=https://x.example><input name=password></form>",
    ]
)
# What a search or a filter is asked for.
ASKED: Final = quote(ALL[:120], safe="")
PAGES: Final = (
    "/projects?q={asked}&sort={asked}&after={asked}",
    "/search?q={asked}&type={asked}",
    "/go?ref={asked}",
    "/p/{project}/?x={asked}",
    "/p/{project}/repos?q={asked}",
    "/p/{project}/-/about/edit",
    "/r/{repository}?q={asked}&label={asked}&cols={asked}",
    "/r/{repository}/-/t/{tag}?platform={asked}&tab={asked}",
    "/r/{repository}/-/t/{asked}",
    "/r/{repository}/-/timeline?tag={asked}",
    "/r/{repository}/-/compare?from={asked}&to={asked}&platform={asked}",
    "/r/{repository}/-/compare?from=0.9&to={tag}",
    "/r/{repository}/-/usage?by={asked}",
    "/r/{repository}/-/about/edit",
    "/r/{asked}",
    "/p/{asked}/",
    "/jobs?q={asked}&state={asked}",
    "/me/access?ref={asked}&action={asked}",
    "/r/{repository}/-/artifacts?q={asked}&kept={asked}&cols={asked}",
    "/r/{repository}/-/label-tags?selected={asked}",
    "/r/{repository}/-/fix-tags?selected={asked}",
    "/r/{repository}/-/delete-tags?selected={asked}&q={asked}",
    "/r/{repository}/-/delete-artifacts?selected={asked}",
    "/r/{repository}/-/add-tag?digest={asked}",
    "/r/{repository}/-/copy?reference={asked}",
    "/r/{repository}/-/restore?tag={asked}&digest={asked}",
    "/r/{repository}/-/{asked}",
    "/p/{project}/repos/delete?selected={asked}",
    "/filters?list=tags&at=/projects&query={asked}",
    "/jobs/1?find={asked}&level={asked}",
    "/auth/confirm?next={asked}",
    "/auth/login?next={asked}",
    "/{asked}",
)


def paths() -> list[str]:
    """Where such words come in by the address."""
    return [each.format(asked=ASKED, project=PROJECT, repository=REPOSITORY, tag=TAG) for each in PAGES]


def seed(server: Wharf) -> None:
    """Raises AssertionError where what is harmless by itself is refused."""
    with Registry(server.url, server.admin) as registry:
        _told(registry, "POST", "/projects", {"project_name": PROJECT, "metadata": {"public": "false"}})
        old, image = _image(1), _image(2)
        registry.push(REPOSITORY, "0.9", old)
        registry.push(REPOSITORY, TAG, image)
        for number, kind in enumerate((*ATTACKS, "application/x.harm")):
            # Whatever type it takes.
            about = artifact(
                bytes([number]), artifact_type=kind, subject=image.manifest, annotations={ALL[:200]: ALL}
            )
            for blob in about.blobs:
                registry.push_blob(REPOSITORY, blob.data)
            registry.put_manifest(REPOSITORY, about.digest, about.manifest)
        _chart(registry)
        _words(registry, image)
        _told(registry, "POST", "/export/audit-logs", {})  # so that there is a job
        for agent in ATTACKS:
            registry.request(
                "GET",
                f"/v2/{REPOSITORY}/manifests/{TAG}",
                scope=f"repository:{REPOSITORY}:pull",
                headers={"Accept": OCI_MANIFEST, "User-Agent": agent},
            )


def _words(registry: Registry, image: Image) -> None:
    """What people write by hand."""
    path = quote(REPOSITORY.partition("/")[2], safe="")
    _told(
        registry, "PUT", f"/projects/{PROJECT}/repositories/{quote(path, safe='')}", {"description": README}
    )
    label = {"name": ATTACKS[1], "description": ALL, "scope": "g", "color": "#B3261E"}
    made = _told(registry, "POST", "/labels", label)
    number = int(made.headers["location"].rpartition("/")[2])
    where = f"/projects/{PROJECT}/repositories/{quote(path, safe='')}/artifacts/{image.digest}/labels"
    _told(registry, "POST", where, {"id": number})
    person = {
        "username": "harmer",
        "realname": ATTACKS[0],
        "email": "h@corp.example",
        "password": "What nobody guesses 7",
        "comment": ALL,
    }
    _told(registry, "POST", "/users", person)


def _told(registry: Registry, method: str, path: str, body: Any) -> Any:
    assert registry.who is not None
    sent = {"Authorization": basic(registry.who)}
    answer = registry.http.request(method, f"/api/v2.0{path}", json=body, headers=sent)
    assert answer.status_code < 300, f"{method} {path}: {answer.text}"
    return answer


def _image(number: int) -> Image:
    """Such words in everything a configuration and a manifest may tell."""
    told = dict(zip(("source", "url", "documentation"), LINKS, strict=True))
    annotations = {f"org.opencontainers.image.{name}": link for name, link in told.items()}
    annotations |= {
        "org.opencontainers.image.title": ATTACKS[0],
        "org.opencontainers.image.base.name": ATTACKS[1],
        ATTACKS[3]: ALL,
    }
    history: list[dict[str, Any]] = [
        {"created_by": each, "comment": each, "author": each} for each in ATTACKS
    ]
    history.append({"created_by": f"RUN {ALL}", "empty_layer": True})
    config = {
        "author": ALL,
        "os": "linux",
        "architecture": "amd64",
        "variant": ATTACKS[1],
        "created": "2026-01-02T03:04:05Z",
        "config": {
            "User": ATTACKS[0],
            "WorkingDir": ATTACKS[1],
            "Env": [f"{each}={each}{number}" for each in (*ATTACKS, "API_TOKEN")],
            "Entrypoint": list(ATTACKS),
            "Cmd": list(ATTACKS),
            "Labels": annotations,
            "ExposedPorts": {each: {} for each in ATTACKS},
            "Volumes": {each: {} for each in ATTACKS},
            "StopSignal": ATTACKS[0],
            "Healthcheck": {"Test": list(ATTACKS)},
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{'0' * 64}"] * len(ATTACKS)},
        "history": history,
    }
    noise = [random.Random(f"{number}{each}").randbytes(500) for each in ATTACKS]
    return _made(encode(config), OCI_CONFIG, tuple(Content(OCI_LAYER, each) for each in noise), annotations)


def _chart(registry: Registry) -> None:
    fields = ("name", "version", "appVersion", "description", "home", "icon")
    config: dict[str, Any] = dict.fromkeys(fields, ALL) | {
        "apiVersion": "v2",
        "home": LINKS[0],
        "sources": list(LINKS),
        "keywords": list(ATTACKS),
        "maintainers": [{"name": ALL, "email": ATTACKS[1], "url": LINKS[0]}],
        "dependencies": [{"name": ALL, "version": ALL, "repository": LINKS[0]}],
    }
    files = {f"chart/{name}": f"{ALL}\n".encode() for name in ("README.md", "values.yaml")}
    layer = Content("application/vnd.cncf.helm.chart.content.v1.tar+gzip", gzip.compress(tar(files)))
    chart = _made(encode(config), "application/vnd.cncf.helm.config.v1+json", (layer,), {ATTACKS[0]: ALL})
    registry.push(f"{PROJECT}/chart", "1.0.0", chart)


def _made(config: bytes, kind: str, layers: tuple[Content, ...], annotations: dict[str, str]) -> Image:
    told = Content(kind, config)
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": told.descriptor(),
        "layers": [each.descriptor(annotations={ATTACKS[0]: ATTACKS[1]}) for each in layers],
        "annotations": annotations,
    }
    return Image(Content(OCI_MANIFEST, encode(document)), told, layers)


DIGEST: Final = _image(2).digest
