"""Each filter finds what it says, in both tables; hostile text finds nothing."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from audit.reading.entry import Entry
from audit.reading.filter import Filter
from audit.reading.parsing import address
from audit.streams import Stream
from core.errors import InvalidInput
from tests.audit.entries import event, found, now, pages, pull

pytestmark = pytest.mark.django_db

DIGEST = "sha256:" + "01" * 32


def by(field: str, text: str) -> Filter:
    given: dict[str, Any] = {field: text}
    return Filter(**given)


def test_a_pull_is_told_as_an_event_is():
    id_ = pull(5, tag="", n=3, actor_kind="robot", actor_name="robot$ci", ip="2001:db8::1")
    [told] = pages(Filter())
    assert told == Entry(
        Stream.PULLS,
        id_,
        now() - timedelta(seconds=5),
        "robot",
        1,
        "robot$ci",
        "",
        "",
        "2001:db8::1",
        "docker/27",
        "",
        "artifact.pull",
        "repository:pull",
        "artifact",
        "",
        f"library/app@{DIGEST}",
        1,
        "ok",
        {"n": 3, "repository": "library/app", "repository_id": 1, "tag": "", "digest": DIGEST},
    )


def test_no_entry_of_one_stream_has_the_id_of_one_of_the_other():
    given = [write(0) for _ in range(5) for write in (event, pull)]
    assert len(set(given)) == 10


def test_an_event_is_told_whole():
    event(1, detail='{"before": {"a": 1}, "n": 5.5}', token_id="jti", request_id="r-1", ip=None)
    [told] = pages(Filter())
    assert (told.detail, told.token_id, told.request_id, told.ip) == (
        {"before": {"a": 1}, "n": 5.5},
        "jti",
        "r-1",
        None,
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("library/app", {"library/app:1.2", "library/apple:1"}),
        ("library/app:1", {"library/app:1.2"}),
        ("library/app:%", set()),
        ("Library", set()),
        ("library/a_p", set()),
        ("library\\", set()),
    ],
)
@pytest.mark.parametrize("stream", list(Stream))
def test_a_resource_is_found_by_how_its_name_begins(stream: Stream, text: str, names: set[str]):
    for repository, tag in (("library/app", "1.2"), ("library/apple", "1"), ("other/app", "1")):
        event(1, resource_name=f"{repository}:{tag}")
        pull(1, repository=repository, tag=tag)
    told = pages(Filter(resource=text, streams=frozenset([stream])))
    assert {each.resource_name for each in told} == names


@pytest.mark.parametrize(
    ("name", "is_found"),
    [
        (f"library/app@{DIGEST}", True),
        (f"library/app@{DIGEST[:-2]}", False),
        ("library/app@nonsense", False),
        ("library/app", False),
        ("library/app:", False),
        ("library/app:1", False),
    ],
)
def test_a_pull_is_found_by_its_whole_name(name: str, is_found: bool):
    pull(1, tag="")
    assert bool(found(Filter(resource_exact=name))) is is_found


def test_a_pull_by_digest_is_found_by_how_the_digest_begins():
    by_digest = pull(1, tag="")
    pull(1, tag="1")
    assert found(Filter(resource="library/app@sha256:0101")) == [by_digest]
    assert found(Filter(resource="library/app@sha256:02")) == []


def test_long_names_are_found_though_the_index_has_only_their_beginning():
    long = "a" * 199
    first, second = event(2, resource_name=long + "XY"), event(1, resource_name=long + "XZ")
    assert found(Filter(resource_exact=long + "XY")) == [first]
    assert found(Filter(resource=long + "XZ")) == [second]
    assert found(Filter(resource=long)) == [second, first]
    named = event(1, actor_name="B" * 300)
    event(1, actor_name="B" * 301)
    assert found(Filter(actor="b" * 300)) == [named]


def test_a_name_that_fills_an_event_is_no_obstacle_to_writing_it():
    hostile = "".join(random.Random(1).choices([chr(each) for each in range(0x20000, 0x2A000)], k=1024))
    id_ = event(1, resource_name=hostile, actor_name=hostile)
    assert found(Filter(resource_exact=hostile)) == [id_]


@pytest.mark.parametrize(
    ("net", "hits"),
    [
        ("10.1.2.3", {"10.1.2.3"}),
        ("10.1.0.0/16", {"10.1.2.3", "10.1.9.9"}),
        ("::ffff:10.1.2.3", {"10.1.2.3"}),
        ("2001:db8::/32", {"2001:db8::5"}),
        ("0.0.0.0/0", {"10.1.2.3", "10.1.9.9", "192.0.2.1"}),
    ],
)
def test_addresses_and_networks(net: str, hits: set[str]):
    for ip in ("10.1.2.3", "10.1.9.9", "192.0.2.1", "2001:db8::5", None):
        event(1, ip=ip)
        pull(1, ip=ip)
    told = pages(Filter(address=address(net)))
    assert {each.ip for each in told} == hits
    assert len(told) == 2 * len(hits)


@pytest.mark.parametrize(
    "field",
    [
        "actor",
        "actor_contains",
        "resource",
        "resource_exact",
        "resource_contains",
        "resource_type",
        "request_id",
    ],
)
@pytest.mark.parametrize(
    "text", ["'; DROP TABLE audit_event; --", "%", "_", "%(p0)s", "{0}", "\\", "💥" * 50, "A" * 4096]
)
def test_hostile_text_is_only_text(field: str, text: str):
    event(1)
    pull(1)
    assert found(by(field, text)) == []


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 4097])
def test_text_that_no_entry_can_have_is_refused(text: str):
    for field in fields(Filter):
        if field.type == "str":
            with pytest.raises(InvalidInput, match="no entry of the audit log"):
                by(field.name, text)
    with pytest.raises(InvalidInput):
        Filter(operations=("tag.create", text))


@pytest.mark.parametrize("id_", [-1, 2**63])
def test_ids_that_none_has_are_refused(id_: int):
    wrong: list[dict[str, Any]] = [{"actor_id": id_}, {"project_ids": (1, id_)}]
    for given in wrong:
        with pytest.raises(InvalidInput, match="whole number"):
            replace(Filter(), **given)
