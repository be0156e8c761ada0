"""Copies over the wire: whole images with parts, accessories and tags, without a byte of a blob; who may, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from access.models import Member
from access.table import Role
from accounts.models import User
from artifacts.models import Blob
from artifacts.repositories import Target
from audit.models import AuditEvent
from database import sql
from projects.models import Project, Quota
from tests import images, people
from tests.registry_api.rest.api import Caller, World
from tests.registry_api.rest.shelf import at, push, shelf, target

SUBJECT = images.two_platforms("subject")


def copy(caller: Caller, to: Target, source: str) -> Any:
    return caller.call("POST", at(to, "artifacts"), params={"from": source})


def copied(caller: Caller, to: Target, source: str) -> str:
    """The digest that Location names."""
    answer = copy(caller, to, source)
    assert answer.status_code == 201, answer.text
    entry = caller.get(answer.headers["Location"])
    assert entry.status_code == 200, entry.text
    digest: str = entry.json()["digest"]
    return digest


def tags(caller: Caller, where: Target) -> dict[str, str]:
    """Tag -> digest of everything in the list."""
    entries = caller.get(at(where, "artifacts?page_size=100")).json()
    return {tag["name"]: entry["digest"] for entry in entries for tag in entry["tags"] or []}


def whole(project: Any) -> None:
    """What the counters say of the project is what a recount finds."""
    links: dict[int, int] = dict(
        sql.rows(
            """SELECT link.blob_id, count(*) FROM repository_blob link JOIN repository r ON r.id = link.repository_id
            WHERE r.project_id = %s GROUP BY link.blob_id""",
            [project.pk],
        )
    )
    counted: dict[int, int] = dict(
        sql.rows("SELECT blob_id, n_links FROM project_blob WHERE project_id = %s", [project.pk])
    )
    assert counted == links
    used = sum(blob.size for blob in Blob.objects.filter(pk__in=links))
    assert Quota.objects.get(project=project).used == used


@pytest.fixture
def source(world: World) -> Target:
    """An index with a signature on a part and an SBOM on itself, tagged 1.0 and latest, in a project of the same people."""
    where = shelf(people.make_project("source"), "team/app", SUBJECT, "1.0", "latest")
    part = SUBJECT.images[0]
    push(where, images.artifact(b"sbom", subject=SUBJECT.manifest))
    push(where, images.artifact(b"sig"), f"sha256-{part.manifest.hex}.sig")
    for kind in ("developer", "maintainer", "guest"):
        user = User.objects.get(pk=world.caller(kind).principal.id)
        Member.objects.create(project=_project(where), user=user, role_id=Role.GUEST)
    return where


def _project(where: Target) -> Any:
    return Project.objects.get(pk=where.project.id)


def test_an_index_comes_with_its_parts_and_accessories(world: World, source: Target) -> None:
    to = target(world.project, "promoted")
    assert copied(world.developer, to, f"{source.name}:1.0") == SUBJECT.digest
    assert tags(world.guest, to) == {"1.0": SUBJECT.digest}
    for child in SUBJECT.images:
        assert world.guest.get(at(to, f"artifacts/{child.digest}")).status_code == 200
    one = world.guest.get(at(to, "artifacts/1.0?with_accessory=true")).json()
    assert [len(one[name]) for name in ("references", "accessories")] == [2, 1]
    part = at(to, f"artifacts/{SUBJECT.images[0].digest}/accessories")
    (signature,) = world.guest.get(part).json()
    assert signature["type"] == "signature.cosign"
    signed = world.guest.get(at(to, f"artifacts/sha256-{SUBJECT.images[0].manifest.hex}.sig"))
    assert signed.json()["digest"] == signature["digest"]
    assert (
        len(world.guest.get(at(to, f"artifacts/{SUBJECT.images[0].digest}/additions/build_history")).json())
        == 2
    )
    whole(world.project)


def test_a_copy_is_one_act_that_names_its_source(world: World, source: Target) -> None:
    to = target(world.project, "promoted")
    copied(world.developer, to, f"{source.name}:1.0")
    event = AuditEvent.objects.filter(project_id=world.project.pk).latest("id")
    assert (event.operation, event.permission) == ("artifact.copy", "artifact:create")
    after = event.detail["after"]
    assert (after["source_project"], after["digest"]) == (source.project.id, str(SUBJECT.digest))
    assert after["artifacts"] == 5
    assert str(source.name) not in str(event.detail)
    before = event.pk
    copied(world.developer, to, f"{source.name}:1.0")
    assert AuditEvent.objects.filter(project_id=world.project.pk).latest("id").pk == before


def test_a_digest_brings_all_its_tags_and_a_tag_only_itself(world: World, source: Target) -> None:
    by_tag, by_digest = (target(world.project, path) for path in ("by-tag", "by-digest"))
    copied(world.developer, by_tag, f"{source.name}:latest@{SUBJECT.digest}")
    copied(world.developer, by_digest, f"{source.name}@{SUBJECT.digest}")
    copied(world.developer, target(world.project, "one"), f"{source.name}:latest")
    assert set(tags(world.guest, by_tag)) == set(tags(world.guest, by_digest)) == {"1.0", "latest"}
    assert set(tags(world.guest, target(world.project, "one"))) == {"latest"}


def test_copies_within_a_repository_and_a_project_are_charged_once(world: World) -> None:
    where = shelf(world.project, "app", images.image(), "1")
    used = Quota.objects.get(project=world.project).used
    copied(world.developer, where, f"{where.name}:1")
    copied(world.developer, target(world.project, "again"), f"{where.name}:1")
    assert Quota.objects.get(project=world.project).used == used
    whole(world.project)


def test_what_waited_for_a_part_knows_it_after_the_copy(world: World) -> None:
    index = images.two_platforms("sparse")
    where = shelf(world.project, "app", images.Index(index.manifest, ()), "1")
    parts = world.guest.get(at(where, "artifacts/1")).json()["references"]
    assert {part["child_id"] for part in parts} == {None}
    other = shelf(world.project, "parts", index.images[0], "amd64")
    copied(world.developer, where, f"{other.name}:amd64")
    known = world.guest.get(at(where, "artifacts/1")).json()["references"]
    assert [part["child_id"] is None for part in known] == [False, True]


def test_a_source_one_may_not_pull_looks_like_none(world: World) -> None:
    hidden = shelf(people.make_project("hidden"), "app", images.image(), "1")
    to = target(world.project, "promoted")
    status, said = world.project_admin.refused(
        "POST", at(to, "artifacts"), params={"from": f"{hidden.name}:1"}
    )
    none = world.project_admin.refused("POST", at(to, "artifacts"), params={"from": f"x{hidden.name}:1"})
    assert (status, said) == (none[0], none[1].replace("'x", "'")) == (404, said)
    assert world.guest.get(at(to)).status_code == 404


def test_who_may_not_make_artifacts_here_copies_nothing(world: World, source: Target) -> None:
    to = target(world.project, "promoted")
    assert copy(world.guest, to, f"{source.name}:1.0").status_code == 403
    assert copy(world.outsider, to, f"{source.name}:1.0").status_code == 404
    assert copy(world.developer, target(_project(source), "x"), f"{source.name}:1.0").status_code == 403


@pytest.mark.parametrize(
    ("given", "status"),
    [("{}:nope", 404), ("{}@sha256:" + "0" * 64, 404), ("{}", 400), ("{}@sha256:1", 400), ("", 400), ("{}:", 400),
     ("{}/nope:1.0", 404), ("A/b:1", 400), ("x" * 10_000 + ":1", 400), ("{}:a\0b", 400)],
)  # fmt: skip
def test_a_source_that_is_none_is_refused(world: World, source: Target, given: str, status: int) -> None:
    answer = copy(world.developer, target(world.project, "promoted"), given.format(source.name))
    assert answer.status_code == status
    assert world.guest.get(f"/projects/{world.project.name}/repositories").json() == []


def test_a_copy_beyond_the_quota_leaves_nothing_behind(world: World, source: Target) -> None:
    Quota.objects.filter(project=world.project).update(hard_limit=10)
    status, said = world.developer.refused(
        "POST", at(target(world.project, "promoted"), "artifacts"), params={"from": f"{source.name}:1.0"}
    )
    assert (status, "quota" in said) == (403, True)
    assert world.guest.get(at(target(world.project, "promoted"))).status_code == 404
    whole(world.project)


def test_an_immutable_tag_is_not_moved_by_a_copy(world: World, source: Target) -> None:
    to = shelf(world.project, "promoted", images.image(), "1.0")
    sql.execute("UPDATE tag SET immutable = true WHERE artifact_id IN (SELECT id FROM artifact WHERE repository_id ="
                " (SELECT id FROM repository WHERE name = %s))", [str(to.name)])  # fmt: skip
    assert copy(world.developer, to, f"{source.name}:1.0").status_code == 412
    assert tags(world.guest, to) == {"1.0": images.image().digest}
    whole(world.project)
