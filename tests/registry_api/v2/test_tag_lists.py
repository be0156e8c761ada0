"""Lists of tags: byte order, page sizes, links."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from artifacts.models import Repository as Row
from artifacts.models import Tag
from database import sql
from tests.registry_api.answers import link, refused
from tests.registry_api.client import Repository, World


def fill(repository: Repository, names: list[str]) -> None:
    """Tags of the repository's only artifact, put there in one statement."""
    sql.execute(
        """
        INSERT INTO tag (repository_id, name, artifact_id, version_key, platforms)
        SELECT r.id, given.name, a.id, '', '{}' FROM repository r JOIN artifact a ON a.repository_id = r.id,
               unnest(%s::text[]) AS given (name) WHERE r.name = %s
        """,
        [names, repository.name],
    )


@pytest.fixture
def tagged(world: World) -> Repository:
    """A repository with the five tags e1 to e5."""
    repository = world.repository("maintainer")
    repository.push_image("e1")
    fill(repository, ["e2", "e3", "e4", "e5"])
    return repository


def listed(repository: Repository, **parameters: str) -> list[str]:
    answer = repository.call("GET", "tags/list", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["name"] == repository.name
    tags: list[str] = answer.json()["tags"]
    return tags


def test_a_page_of_nothing_is_a_list_without_a_link(tagged: Repository) -> None:
    """Case 62."""
    answer = tagged.call("GET", "tags/list", params={"n": "0"})
    assert (answer.status_code, answer.json()["tags"], link(answer)) == (200, [], None)


@pytest.mark.parametrize(
    "size", ["-1", "abc", "1.5", "５", "1e3", "1_0", "1" * 30, "+1", " 1", "0x5", "1,2", "\0"]
)
def test_a_page_size_that_is_no_number_is_refused(tagged: Repository, size: str) -> None:
    """Case 62."""
    answer = tagged.call("GET", "tags/list", params={"n": size})
    assert refused(answer) == (400, "UNSUPPORTED")


def test_there_is_a_link_only_when_something_remains(tagged: Repository) -> None:
    """Case 62."""
    exact = tagged.call("GET", "tags/list", params={"n": "5"})
    assert (len(exact.json()["tags"]), link(exact)) == (5, None)
    page = tagged.call("GET", "tags/list", params={"n": "4", "mine": "a b&c"})
    following = link(page)
    assert following is not None
    assert parse_qs(urlsplit(following).query) == {"n": ["4"], "last": ["e4"], "mine": ["a b&c"]}
    assert urlsplit(following).path == f"/v2/{tagged.name}/tags/list"
    assert listed(tagged, n="") == ["e1", "e2", "e3", "e4", "e5"]
    assert listed(tagged, n="999999999") == ["e1", "e2", "e3", "e4", "e5"]


def test_a_page_starts_after_a_name_whether_it_exists_or_not(tagged: Repository) -> None:
    """Case 62."""
    assert listed(tagged, last="zzz") == []
    assert listed(tagged, last="e3") == ["e4", "e5"]
    assert listed(tagged, last="e3-nonexistent") == ["e4", "e5"]
    assert listed(tagged, last="") == ["e1", "e2", "e3", "e4", "e5"]
    assert listed(tagged, last="e3\0") == ["e4", "e5"]
    assert listed(tagged, last="é") == []


def test_tags_come_in_byte_order(world: World) -> None:
    """Case 62."""
    repository = world.repository("developer")
    for tag in ("B", "a", "A-1", "A.1", "_x"):
        repository.push_image(tag)
    assert listed(repository) == ["A-1", "A.1", "B", "_x", "a"]
    assert listed(repository, last="B") == ["_x", "a"]


def test_the_order_does_not_hang_on_the_locale_of_the_database() -> None:
    """Case 62."""
    collations = sql.rows(
        """
        SELECT a.attrelid::regclass::text, c.collname FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation
        WHERE a.attname = 'name' AND a.attrelid IN ('tag'::regclass, 'repository'::regclass) ORDER BY 1
        """
    )
    assert collations == [("repository", "C"), ("tag", "C")]


def test_a_repository_without_a_manifest_has_no_list(world: World) -> None:
    repository = world.repository("developer")
    repository.push_blob(b"only a blob")
    assert refused(repository.call("GET", "tags/list")) == (404, "NAME_UNKNOWN")
    assert refused(repository.call("GET", "tags/list", params={"n": "0"})) == (404, "NAME_UNKNOWN")


def test_following_links_meets_every_lasting_tag_once_while_tags_come_and_go(world: World) -> None:
    """Case 63."""
    repository = world.repository("maintainer")
    repository.push_image("keep")
    names = [f"t{n:05}" for n in range(25_000)]
    fill(repository, names)
    row = Row.objects.get(name=repository.name)
    seen: list[str] = []
    where = "tags/list?n=500"
    for page in range(100):
        answer = repository.call("GET", where)
        assert answer.status_code == 200
        seen += answer.json()["tags"]
        following = link(answer)
        if following is None:
            break
        where = following.removeprefix(f"/v2/{repository.name}/")
        # Behind the reader, at the place it stands, and before it.
        last = seen[-1]
        Tag.objects.filter(repository_id=row.pk, name__in=[names[page], last, f"t2{page:04}"]).delete()
        fill(repository, [f"a-new-{page}", f"{last}-new", f"zz-{page}"])
    else:
        pytest.fail("the links never end")
    assert len(seen) == len(set(seen))
    assert seen == sorted(seen)
    assert set(names) - set(seen) <= {f"t2{page:04}" for page in range(100)}
    assert page >= 50
    assert 25_000 - 100 < len(seen) < 25_000 + 100


def test_without_a_size_a_page_has_ten_thousand_tags(world: World) -> None:
    """Case 63."""
    repository = world.repository("developer")
    repository.push_image("keep")
    fill(repository, [f"t{n:05}" for n in range(10_000)])
    for parameters in ({}, {"n": "10001"}, {"n": "999999999"}):
        answer = repository.call("GET", "tags/list", params=parameters)
        assert len(answer.json()["tags"]) == 10_000
        assert link(answer) is not None
