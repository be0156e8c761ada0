"""Rules of immutable tags: what they forbid and to whom, that no race gets around them, and that SQL decides as they say."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from uuid import uuid4

import pytest
from django.db import transaction

from artifacts import immutability, manifests, repositories, tags
from core.errors import Denied, TagImmutable
from core.oci.digest import Digest
from core.oci.reference import Tag
from core.policy.immutability import is_fixed
from database import sql
from projects.models import TagRule
from projects.services import tag_rules
from projects.services.tag_rules import RuleText
from projects.tag_rules import rules_in_force
from tests.artifacts import rows
from tests.artifacts.actors import push_of, target
from tests.registry_api import documents
from tests.registry_api.answers import refused
from tests.registry_api.client import Repository, World
from tests.registry_api.crowd import begun

CONFIG = b"{}"
SIGNATURE = f"sha256-{'a' * 64}.sig"
RELEASES = RuleText(tags="v*")
DENIED = (403, "DENIED")


@pytest.fixture
def repository(world: World) -> Repository:
    made = world.repository("maintainer", "team/app")
    made.push_blob(CONFIG)
    return made


def document() -> bytes:
    return documents.manifest(CONFIG, annotations={"n": str(uuid4())})


def protect(world: World, text: RuleText = RELEASES) -> TagRule:
    return tag_rules.create_rule(world.maintainer.principal, world.project, text)


def put(world: World, repository: Repository, tag: str) -> None:
    manifests.put(repository.client.principal, target(world, repository), push_of(document(), tag))


def test_a_tag_under_a_rule_is_pushed_once_and_then_stays(world: World, repository: Repository) -> None:
    first = document()
    protect(world)
    assert repository.put_manifest("v1", first).status_code == 201
    assert repository.put_manifest("v1", first).status_code == 201, "the same again moves nothing"
    answer = repository.put_manifest("v1", document())
    assert refused(answer) == DENIED
    assert answer.json()["errors"][0]["detail"] == {"tags": ["v1"]}
    assert repository.put_manifest("latest", document()).status_code == 201
    assert repository.put_manifest("latest", document()).status_code == 201
    assert repository.call("GET", "manifests/v1").content == first


def test_nothing_takes_a_tag_under_a_rule_away(world: World, repository: Repository) -> None:
    digest = repository.put_manifest("v1", document()).headers["Docker-Content-Digest"]
    repository.put_manifest("latest", document())
    protect(world)
    actor, where = world.maintainer.principal, target(world, repository)
    assert refused(repository.call("DELETE", "manifests/v1")) == DENIED
    assert refused(repository.call("DELETE", f"manifests/{digest}")) == DENIED
    ways: tuple[Callable[[], object], ...] = (
        lambda: tags.add(actor, where, Tag.parse("v1"), reference=Tag.parse("latest")),
        lambda: tags.delete(actor, where, Tag.parse("v1")),
        lambda: manifests.delete(actor, where, Digest.parse(digest)),
        lambda: repositories.delete(actor, where),
    )
    for way in ways:
        with pytest.raises(TagImmutable, match="v1"):
            way()
    assert repository.call("GET", f"manifests/{digest}").status_code == 200
    tags.delete(actor, where, Tag.parse("latest"))


def test_several_tags_of_one_push_are_set_together_or_not_at_all(
    world: World, repository: Repository
) -> None:
    repository.put_manifest("v1", document())
    protect(world)
    payload = document()
    path = f"manifests/{Digest.of(payload)}?tag=new&tag=v1"
    headers = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    answer = repository.call("PUT", path, content=payload, headers=headers)
    assert refused(answer) == DENIED
    assert repository.call("GET", "manifests/new").status_code == 404


def test_a_rule_that_is_off_gone_or_of_another_project_forbids_nothing(
    world: World, repository: Repository
) -> None:
    repository.put_manifest("v1", document())
    actor = world.maintainer.principal
    protect(World.make(world.registry))
    assert repository.put_manifest("v1", document()).status_code == 201
    rule = protect(world)
    assert repository.put_manifest("v1", document()).status_code == 403
    tag_rules.change_rule(actor, world.project, rule.pk, {"disabled": True})
    assert repository.put_manifest("v1", document()).status_code == 201
    tag_rules.change_rule(actor, world.project, rule.pk, {"disabled": False, "repositories": "other/**"})
    assert repository.put_manifest("v1", document()).status_code == 201
    tag_rules.change_rule(actor, world.project, rule.pk, {"repositories": "team/*"})
    assert repository.put_manifest("v1", document()).status_code == 403
    tag_rules.delete_rule(actor, world.project, rule.pk)
    assert repository.put_manifest("v1", document()).status_code == 201


def test_tags_of_signatures_are_rewritten_whatever_the_rules_say(
    world: World, repository: Repository
) -> None:
    protect(world, RuleText())
    for _ in range(2):
        assert repository.put_manifest(SIGNATURE, document()).status_code == 201
    repositories.delete(world.maintainer.principal, target(world, repository))


@pytest.mark.parametrize("kind", ["guest", "developer"])
def test_only_a_maintainer_writes_rules(world: World, kind: str) -> None:
    actor = getattr(world, kind).principal
    rule = protect(world)
    for act in (
        partial(tag_rules.create_rule, actor, world.project, RuleText(tags="x")),
        partial(tag_rules.change_rule, actor, world.project, rule.pk, {"disabled": True}),
        partial(tag_rules.delete_rule, actor, world.project, rule.pk),
    ):
        with pytest.raises(Denied):
            act()
    assert TagRule.objects.filter(project=world.project, disabled=False).count() == 1


@pytest.mark.parametrize("way", ["push", "retag", "delete", "delete artifact"])
def test_who_waited_for_a_rule_is_held_to_it(world: World, repository: Repository, way: str) -> None:
    first = document()
    repository.put_manifest("v1", first)
    repository.put_manifest("other", document())
    actor, where = world.maintainer.principal, target(world, repository)
    ways: dict[str, Callable[[], object]] = {
        "push": lambda: put(world, repository, "v1"),
        "retag": lambda: tags.add(actor, where, Tag.parse("v1"), reference=Tag.parse("other")),
        "delete": lambda: tags.delete(actor, where, Tag.parse("v1")),
        "delete artifact": lambda: manifests.delete(actor, where, Digest.of(first)),
    }
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            protect(world)
            waiting = begun(pool, ways[way])
        with pytest.raises(TagImmutable, match="v1"):
            waiting.result(30)
    assert repository.call("GET", "manifests/v1").content == first


def test_a_rule_waits_for_the_push_that_moves_a_tag(world: World, repository: Repository) -> None:
    repository.put_manifest("v1", document())
    second = document()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            manifests.put(repository.client.principal, target(world, repository), push_of(second, "v1"))
            making = begun(pool, lambda: protect(world))
            assert not TagRule.objects.filter(project=world.project).exists()
        making.result(30)
    # What the rule found is what it keeps.
    assert repository.put_manifest("v1", document()).status_code == 403
    assert repository.call("GET", "manifests/v1").content == second


def test_statements_decide_as_the_rules_say(world: World, repository: Repository) -> None:
    names = ["v1", "V1", "v1.2", "latest", "a-b_c", SIGNATURE]
    for name in names:
        repository.put_manifest(name, document())
    where, place = target(world, repository), rows.row(repository).pk
    globs = ["**", "team/*", "*", "**/app", "{x,team}/a?p"]
    for here, these, out_here, out_these in product(
        globs, ["v*", "V?", "{v1,latest}", "?*.*"], (False, True), (False, True)
    ):
        TagRule.objects.filter(project=world.project).delete()
        fields = RuleText(here, out_here, these, out_these).fields()
        TagRule.objects.create(project=world.project, **fields)
        rules = rules_in_force(world.project.pk)
        expected = {name for name in names if is_fixed(rules, "team/app", name)}
        statement = (
            f"SELECT t.name FROM tag t WHERE t.repository_id = %(repository)s AND {immutability.IS_FIXED}"
        )
        decided = {name for (name,) in sql.rows(statement, {"repository": place})} - {SIGNATURE}
        assert decided == expected == immutability.protected(where, names), fields
