"""A registry as it is after a year: people with roles, applications in many versions, moved and deleted tags, signatures,
pulls of three months, finished and failed jobs. For pictures: what it takes is a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.e2e.clients import Login
from tests.e2e.registry import Registry, basic
from tests.e2e.server import Wharf
from tests.frontend.browser import aged, wares
from tests.images import Image, index, two_platforms

SHOP: Final = "platform"
API: Final = f"{SHOP}/app/api"
SECRET: Final = "What nobody guesses 7"
# Who is there, and as what: the numbers of Harbor's roles.
PEOPLE: Final = {"dev-lead": 4, "ops-oncall": 1, "release-bot": 2, "guest-of-the-house": 3}
VERSIONS: Final = (
    "1.1.9",
    "1.1.10",
    "1.1.11",
    "1.1.12",
    "1.1.13",
    "1.1.14",
    "1.10.0-beta.2",
    "1.10.0-rc1",
    "1.10.0-rc2",
    "1.10.0-rc3",
    "1.10.0",
    "1.10.0-hotfix-of-the-night-before-20251103",
    "1.10.1",
    "1.10.2",
    "1.11.0-rc1",
)
OTHERS: Final = (
    "app/web",
    "app/worker",
    "app/gateway",
    "ml/trainer",
    "ml/notebook-gpu-cuda12-with-a-rather-long-name",
)
ARCHITECTURES: Final = ("amd64", "arm64")
DESCRIPTION: Final = """# API of the platform

Serves orders, customers and stock. **Pull it from here**, never from a laptop.

| Tag | For |
|---|---|
| `1.10` | production |
| `1.11-rc` | staging |

```sh
docker run --rm -p 8080:8080 platform/app/api:1.10.2
```

- Source: <https://git.corp.example/team/api>
- Questions: the platform team
"""


def stock(server: Wharf) -> str:
    """The digest of one of the images. Raises AssertionError where a door is shut."""
    with Registry(server.url, server.admin) as registry:
        _people_and_project(registry)
        _base(registry)
        digests = [_version(registry, API, version, number) for number, version in enumerate(VERSIONS)]
        _aliases(registry, digests)
        for number, path in enumerate(OTHERS):
            for version in VERSIONS[-3 - number :]:
                _version(registry, f"{SHOP}/{path}", version, number * 3)
        registry.push(f"{SHOP}/charts/platform", "4.2.0", wares.chart("4.2.0"))
        registry.push(f"{SHOP}/charts/platform", "4.1.7", wares.chart("4.1.7"))
        registry.push(f"{SHOP}/edge/filter", "0.9.1", wares.module("0.9.1"))
        _words(registry)
        _pulls(registry)
    aged.age(server, API, SHOP)
    return digests[VERSIONS.index("1.10.1")]


def _call(registry: Registry, method: str, path: str, body: Any = None) -> Any:
    assert registry.who is not None
    sent = {"Authorization": basic(registry.who)}
    answer = registry.http.request(method, f"/api/v2.0{path}", json=body, headers=sent)
    assert answer.status_code < 300, f"{method} {path}: {answer.text}"
    return answer.json() if answer.content else None


def _people_and_project(registry: Registry) -> None:
    wanted = {"public": "false"}
    _call(
        registry, "POST", "/projects", {"project_name": SHOP, "metadata": wanted, "storage_limit": 6_000_000}
    )
    for name, role in PEOPLE.items():
        person = {
            "username": name,
            "password": SECRET,
            "email": f"{name}@corp.example",
            "realname": name.title(),
        }
        _call(registry, "POST", "/users", person)
        _call(
            registry,
            "POST",
            f"/projects/{SHOP}/members",
            {"role_id": role, "member_user": {"username": name}},
        )
    rule = {
        "disabled": False,
        "action": "immutable",
        "template": "immutable_template",
        "tag_selectors": [{"kind": "doublestar", "decoration": "matches", "pattern": "1.1.*", "extras": ""}],
        "scope_selectors": {
            "repository": [
                {"kind": "doublestar", "decoration": "repoMatches", "pattern": "app/**", "extras": ""}
            ]
        },
    }
    _call(registry, "POST", f"/projects/{SHOP}/immutabletagrules", rule)


def _day(number: int) -> datetime:
    """When the version of that number was built."""
    return datetime.now(UTC) - timedelta(days=2 + 6 * (len(VERSIONS) - number), minutes=17 * number)


def _base(registry: Registry) -> None:
    made = [wares.base(each, _day(0)) for each in ARCHITECTURES]
    registry.push("library/python", "3.12-slim-bookworm", index(*made))
    registry.push("library/alpine", "3.20", two_platforms("alpine"))


def _version(registry: Registry, repository: str, version: str, number: int) -> str:
    on = wares.base("amd64", _day(0)).digest
    made = [wares.application(version, each, _day(number), on=on) for each in ARCHITECTURES]
    if "hotfix" in version:
        registry.push(repository, version, made[0])
        return made[0].digest
    both = index(*made)
    registry.push(repository, version, both)
    if "-" not in version and repository == API:
        for each in (
            wares.signature(_as_image(both.manifest, made[0])),
            wares.bill(made[0]),
            wares.signature(made[0]),
        ):
            registry.push(repository, each.digest, each)
    return both.digest


def _as_image(manifest: Any, like: Image) -> Image:
    return Image(manifest, like.config, like.layers)


def _aliases(registry: Registry, digests: list[str]) -> None:
    """`latest` and `1.10` have moved with the versions; a tag is gone."""
    base = f"/projects/{SHOP}/repositories/app%252Fapi/artifacts"
    for tag, numbers in {"latest": (5, 10, 12, 13), "1.10": (10, 12, 13), "nightly": (8, 14)}.items():
        for number in numbers:
            answer = registry.get_manifest(API, digests[number])
            registry.request(
                "PUT",
                f"/v2/{API}/manifests/{tag}",
                scope=registry.push_scope(API),
                content=answer.content,
                headers={"Content-Type": answer.headers["content-type"]},
            )
    _call(registry, "DELETE", f"{base}/{digests[14]}/tags/nightly")


def _words(registry: Registry) -> None:
    base = f"/projects/{SHOP}/repositories/app%252Fapi"
    _call(registry, "PUT", base, {"description": DESCRIPTION})
    for name, colour in {"backend": "#1D5100", "tier-1": "#0065AB", "needs-review": "#F52F22"}.items():
        project = _call(registry, "GET", f"/projects/{SHOP}")["project_id"]
        _call(
            registry, "POST", "/labels", {"name": name, "color": colour, "scope": "p", "project_id": project}
        )
    found = _call(registry, "GET", f"/labels?scope=p&project_id={project}")
    for each in found[:2]:
        _call(registry, "POST", f"{base}/artifacts/1.10.2/labels", {"id": each["id"]})
    _call(registry, "POST", "/users/current/tokens", {"name": "laptop", "permissions": None, "duration": 90})


def _pulls(registry: Registry) -> None:
    agents = ("docker/27.3.1 go/go1.22", "containerd/1.7.20", "libpod/5.2", "skopeo/1.16", "Helm/3.15")
    for name, secret in [(each, SECRET) for each in PEOPLE] + [
        ("admin", registry.who.password if registry.who else "")
    ]:
        with Registry(registry.url, Login(name, secret)) as person:
            for number, agent in enumerate(agents):
                person.http.headers["User-Agent"] = agent
                person.get_manifest(API, VERSIONS[-1 - number])
                person.get_manifest(API, "1.10.2")
