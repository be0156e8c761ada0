"""Names, references and paths: what is refused as malformed, and repositories that are called like routes."""

from __future__ import annotations

import pytest

from core.oci.digest import Digest
from tests.registry_api import documents
from tests.registry_api.answers import refused
from tests.registry_api.client import Registry, World
from tests.registry_api.wire import bearer, send

HEX = "a" * 64
# 255 characters less "127.0.0.1:5000/"
LONGEST_WITH_HOST = 240


@pytest.mark.parametrize(
    "name",
    ["Foo/bar", "a/..b", "a/b..c", "a/b___c", "a/-b", "a/b-", "a//b", "a/" + "b" * 254, "/a/b", "a/b/", "a/_b", "a/b.",
     "a/b_-c", "a/b%20c", "a/b%0A", "a%0A/b", "a/b%00", "a/%C3%A9", "a/%EF%BC%91", "a/%ff", "a/b%5C", "%20a/b", "a/b:c"],
)  # fmt: skip
def test_a_name_outside_the_grammar_is_invalid_before_anybody_is_asked_who_he_is(
    registry: Registry, name: str
) -> None:
    """Cases 11, 12 and 16."""
    for method, path in (
        ("GET", "manifests/x"),
        ("POST", "blobs/uploads/"),
        ("GET", "tags/list"),
        ("GET", f"blobs/sha256:{HEX}"),
    ):
        assert refused(send(registry, method, f"/v2/{name}/{path}")) == (400, "NAME_INVALID")


@pytest.mark.parametrize("name", ["a--b", "a__b", "a.b", "a-----b", "0", "a_b/c--d.e"])
def test_a_name_within_the_grammar_is_taken(world: World, name: str) -> None:
    """Case 11."""
    repository = world.repository(path=name)
    repository.push_image()
    assert repository.call("GET", "tags/list").json()["tags"] == ["latest"]


def test_a_name_too_long_for_clients_that_put_the_host_before_it_is_refused_on_create(world: World) -> None:
    room = LONGEST_WITH_HOST - len(world.project.name) - 1
    fits, too_long = world.repository(path="r" * room), world.repository(path="r" * (room + 1))
    assert fits.call("POST", "blobs/uploads/").status_code == 202
    assert refused(too_long.call("POST", "blobs/uploads/")) == (400, "NAME_INVALID")
    manifest = documents.manifest(b"{}")
    assert refused(too_long.put_manifest("latest", manifest)) == (400, "NAME_INVALID")


def test_a_name_of_one_component_lies_in_no_project(world: World) -> None:
    for path in ("library/tags/list", "library/manifests/latest"):
        assert refused(send(world.registry, "GET", f"/v2/{path}")) == (404, "NAME_UNKNOWN")


@pytest.mark.parametrize("dots", ["..", "%2e%2e", ".%2E", "."])
def test_dots_in_a_path_never_lead_to_another_repository(world: World, dots: str) -> None:
    """Case 12."""
    repository = world.repository()
    repository.push_image()
    project, path = repository.name.split("/")
    for target in (f"{project}/x/{dots}/{path}", f"{dots}/{project}/{path}", f"x/{dots}/{project}/{path}"):
        answer = send(world.registry, "GET", f"/v2/{target}/manifests/latest", headers=bearer(repository))
        assert refused(answer)[0] in (400, 404)


def test_an_escaped_slash_is_a_slash_and_is_authorized_as_one(world: World) -> None:
    """Case 12."""
    repository = world.repository()
    repository.push_image()
    escaped = f"/v2/{repository.name.replace('/', '%2F')}/manifests/latest"
    assert send(world.registry, "GET", escaped, headers=bearer(repository)).status_code == 200
    other = bearer(world.repository())
    assert refused(send(world.registry, "GET", escaped, headers=other)) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    "tag",
    ["latest%0A", ".x", "-x", "t" * 129, "%C3%A9", "%EF%BC%91%EF%BC%92", "a%00", "a%20b", "%ff", "a+b", "a%40b", "%0A"],
)  # fmt: skip
def test_a_tag_outside_the_grammar_cannot_be_written_and_is_nowhere_to_be_read(
    world: World, tag: str
) -> None:
    """Cases 13 and 16. The released conformance suites want 404 where such a tag is read."""
    repository = world.repository()
    for method, status in (("PUT", 400), ("DELETE", 400), ("GET", 404), ("HEAD", 404)):
        answer = send(
            world.registry, method, f"/v2/{repository.name}/manifests/{tag}", headers=bearer(repository)
        )
        assert answer.status_code == status


def test_a_tag_of_128_characters_is_taken(world: World) -> None:
    """Case 13."""
    repository = world.repository()
    repository.push_image("t" * 128)
    assert repository.call("GET", f"manifests/{'t' * 128}").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["blobs/uploads", "tags/list", "manifests", "manifests/latest", "blobs", "referrers", "uploads", "x/blobs/uploads",
     "tags", "blobs/uploads/blobs/uploads", "manifests/tags/list"],
)  # fmt: skip
def test_a_repository_may_be_called_like_a_route(world: World, path: str) -> None:
    """Case 14."""
    repository = world.repository(path=path)
    location = repository.start()
    assert repository.call("PATCH", location, content=b"layer").status_code == 202
    assert repository.call("GET", location).headers["Range"] == "0-4"
    assert repository.call("PUT", f"{location}?digest={Digest.of(b'layer')}").status_code == 201
    digest = repository.push_image()
    assert repository.call("GET", f"manifests/{digest}").status_code == 200
    assert repository.call("GET", f"blobs/{Digest.of(b'layer')}").content == b"layer"
    answer = repository.call("GET", "tags/list")
    assert answer.json() == {"name": repository.name, "tags": ["latest"]}
    assert repository.call("GET", f"referrers/{digest}").json()["manifests"] == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", f"blobs/sha256:{HEX}", "DELETE, GET, HEAD"),
        ("POST", f"blobs/sha256:{HEX}", "DELETE, GET, HEAD"),
        ("PATCH", "manifests/latest", "DELETE, GET, HEAD, PUT"),
        ("GET", "blobs/uploads/", "POST"),
        ("DELETE", "tags/list", "GET, HEAD"),
        ("OPTIONS", "tags/list", "GET, HEAD"),
        ("TRACE", "manifests/latest", "DELETE, GET, HEAD, PUT"),
        ("POST", "blobs/uploads/4b8b6ab1-7d1c-4b57-9a3c-1f0f5b6f7c11", "DELETE, GET, HEAD, PATCH, PUT"),
    ],
)
def test_another_method_is_not_allowed_and_is_told_which_are(
    registry: Registry, method: str, path: str, allowed: str
) -> None:
    """Case 14."""
    answer = registry.request(method, f"/v2/a/b/{path}")
    assert refused(answer) == (405, "UNSUPPORTED")
    assert answer.headers["Allow"] == allowed


def test_uploads_and_ping_need_no_slash_at_the_end_and_nobody_is_redirected(world: World) -> None:
    """Case 14."""
    repository = world.repository()
    assert repository.call("POST", "blobs/uploads").status_code == 202
    for path in ("/v2", "/v2/", "/service/token", "/service/token/"):
        answer = world.registry.request("GET", path, headers={"Authorization": world.guest.basic or ""})
        assert answer.status_code == 200


def test_an_escaped_colon_is_a_colon(world: World) -> None:
    """Case 15."""
    repository = world.repository()
    digest = repository.push_image()
    for path in (f"manifests/{digest}", f"blobs/{Digest.of(b'layer')}"):
        escaped = f"/v2/{repository.name}/{path.replace(':', '%3A')}"
        assert send(world.registry, "GET", escaped, headers=bearer(repository)).status_code == 200


@pytest.mark.parametrize(
    "digest",
    ["sha256:" + "A" * 64, "sha1:" + "a" * 40, "sha256:abc", "SHA256:" + HEX, "sha256:" + "a" * 65, "md5:abc", ":", "a:",
     "sha512:" + HEX, "sha256:" + "g" * 64, f"sha256:{HEX}%0A", f"sha256:{HEX}%00", "sha256:" + "%EF%BC%91" * 64, "a:b:c"],
)  # fmt: skip
def test_a_malformed_digest_is_no_tag_and_no_digest(world: World, digest: str) -> None:
    """Cases 15 and 16."""
    repository = world.repository()
    for method, path in (("PUT", "manifests"), ("GET", "manifests"), ("GET", "blobs"), ("GET", "referrers")):
        target = f"/v2/{repository.name}/{path}/{digest}"
        answer = send(world.registry, method, target, headers=bearer(repository))
        assert refused(answer) == (400, "DIGEST_INVALID")


@pytest.mark.parametrize("value", ["%00", "a%00b", "%ff", "%ed%a0%80", "%C3%A9", "", "%0A", "%EF%BC%91"])
def test_a_query_of_nonsense_is_refused_or_matches_nothing_never_a_fault(world: World, value: str) -> None:
    """Case 16."""
    repository = world.repository()
    repository.push_image()
    digest = f"sha256:{HEX}"
    targets = [
        ("GET", f"tags/list?last={value}&n=5"),
        ("GET", f"tags/list?n={value}"),
        ("GET", f"tags/list?q={value}"),
        ("GET", f"referrers/{digest}?artifactType={value}&after={value}&n={value}"),
        ("POST", f"blobs/uploads/?mount={digest}&from={value}"),
        ("POST", f"blobs/uploads/?mount={value}&from=a/b"),
        ("POST", f"blobs/uploads/?digest={value}"),
        ("POST", f"blobs/uploads/?digest-algorithm={value}"),
        ("PUT", f"{repository.start()}?digest={value}"),
        ("PUT", f"manifests/{digest}?tag={value}"),
    ]
    for method, target in targets:
        answer = send(world.registry, method, f"/v2/{repository.name}/{target}", headers=bearer(repository))
        assert answer.status_code in (200, 202, 400), (method, target)
    answer = world.admin.call("GET", f"/v2/_catalog?last={value}&n=1&q={value}", scope="registry:catalog:*")
    assert answer.status_code == 200


def test_too_many_parameters_are_a_bad_request(world: World) -> None:
    """Case 16 in the large: 4000 parameters fit into a request line."""
    repository = world.repository()
    for method, path in (("POST", "blobs/uploads/"), ("GET", "tags/list"), ("PUT", "manifests/latest")):
        target = f"/v2/{repository.name}/{path}?{'a&' * 4000}"
        answer = send(world.registry, method, target, headers=bearer(repository))
        assert refused(answer) == (400, "UNSUPPORTED")


@pytest.mark.parametrize("path", ["/v2/x", "/v2//", "/v2/a/b", "/v2/a/b/tags", "/v2/a/b/tags/list%0A", "/v1/nothing",
                                  "/v2/a/b/manifests/", "/v2/a/b/manifests/x/y", "/v2/%00", "/v2/%ff"])  # fmt: skip
def test_every_other_path_is_not_found_in_the_same_form(registry: Registry, path: str) -> None:
    assert refused(send(registry, "GET", path)) == (404, "NAME_UNKNOWN")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain; x*=nope'en'%ff", "a/b; charset=undefined", "a/b; charset=hex", "a/b; charset=utf-16"],
)
def test_a_content_type_never_changes_how_a_path_or_query_is_read(world: World, content_type: str) -> None:
    """Case 73: none of these may end in a fault, and the Content-Type of a blob says nothing."""
    repository = world.repository()
    target = f"/v2/{repository.name}/blobs/uploads/?digest={Digest.of(b'x')}"
    headers = bearer(repository) | {"Content-Type": content_type}
    assert send(world.registry, "POST", target, body=b"x", headers=headers).status_code == 201
