"""How often a repository was pulled, and what is being uploaded to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from access.models import Member
from access.table import Role
from artifacts.models import Repository, Upload
from artifacts.places import target
from database import sql
from tests import images
from tests.frontend.shelf import push, shelf
from tests.frontend.visitor import Page, Visitor
from tests.people import make_project, unique

HOSTILE = "<b>docker</b>/1.0"
_USED = "INSERT INTO audit_usage (repository_id, tag, day, project_id, pulls) VALUES (%s, %s, %s, %s, %s)"
_AGENT = "INSERT INTO audit_agent (agent) VALUES (%s) RETURNING id"
_PULL = """
    INSERT INTO audit_pull
      (ts, repository_id, project_id, actor_id, agent_id, n, actor_kind, actor_name, repository, tag, digest)
    VALUES (now(), %s, %s, 1, %s, %s, 'user', %s, %s, '1.0', '')
"""


class Place:
    def __init__(self, ann: Visitor, role: Role) -> None:
        self.project = make_project("used")
        self.member = Member.objects.create(project=self.project, user=ann.user, role_id=role)
        self.name = str(shelf(self.project, "app", images.image({"x": unique("u").encode()}), "1.0").name)
        self.row = Repository.objects.get(name=self.name)

    def used(self, tag: str, days_ago: int, pulls: int) -> None:
        day = datetime.now(UTC).date() - timedelta(days=days_ago)
        sql.execute(_USED, [self.row.pk, tag, day, self.project.pk, pulls])

    def pulled(self, agent: str, by: str, times: int) -> None:
        number = sql.value("SELECT id FROM audit_agent WHERE agent = %s", [agent]) or sql.value(
            _AGENT, [agent]
        )
        sql.execute(_PULL, [self.row.pk, self.project.pk, number, times, by, self.name])

    def upload(self, actor: str, *, state: str = "open", received: int = 0, minutes_ago: int = 0) -> Any:
        at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        return Upload.objects.create(
            id=uuid4(), repository=self.row, actor_kind="user", actor_id=1, actor_name=actor, state=state,
            received=received, created_at=at, updated_at=at, expires_at=at + timedelta(days=1),
        )  # fmt: skip


@pytest.fixture
def place(ann: Visitor) -> Place:
    return Place(ann, Role.PROJECT_ADMIN)


def test_pulls_are_shown_by_day_and_by_tag(ann: Visitor, place: Place) -> None:
    for tag, days, pulls in (("1.0", 0, 30), ("1.0", 89, 4), ("", 3, 6), ("1.0", 90, 1000)):
        place.used(tag, days, pulls)
    page = ann.page(f"/r/{place.name}/-/usage")
    assert "40 pulls" in page.text
    assert "not named" in page.text
    (chart,) = [
        found for tag, found in page.tags if tag == "svg" and "each of 90 days" in found.get("aria-label", "")
    ]
    assert chart["role"] == "img"
    bars = [found for tag, found in page.tags if tag == "rect" and found.get("class") == "b-ok"]
    assert len(bars) == 3


def test_a_repository_that_nobody_pulled_says_so(ann: Visitor, place: Place) -> None:
    assert "No pulls in the last 90 days" in ann.page(f"/r/{place.name}/-/usage").text


def test_clients_are_told_to_all_and_users_to_who_may_read_the_log(ann: Visitor, place: Place) -> None:
    place.used("1.0", 0, 9)
    place.pulled("docker/27.3 go/1", "bob-of-used", 5)
    place.pulled(HOSTILE, "robot-of-used", 4)
    link = f"/r/{place.name}/-/usage?by=client"
    page = ann.page(link)
    assert "docker 5" in page.text
    assert "bob-of-used 5" in page.text
    assert "robot-of-used 4" in page.text
    Member.objects.filter(pk=place.member.pk).update(role_id=Role.MAINTAINER)
    page = ann.page(link)
    assert "docker 5" in page.text
    assert "bob-of-used" not in page.text


def test_a_script_asks_for_the_part_that_takes_longer_alone(ann: Visitor, place: Place) -> None:
    place.used("1.0", 0, 9)
    page = ann.page(f"/r/{place.name}/-/usage")
    assert [found for _tag, found in page.tags if found.get("hx-trigger") == "revealed once"]
    answer = ann.get(f"/r/{place.name}/-/usage?by=client", headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert 'id="pullers"' in answer.text


def strip(visitor: Visitor, place: Place, query: str = "") -> Any:
    return visitor.get(f"/r/{place.name}/-/uploads{query}", headers={"HX-Request": "true"})


def again(text: str) -> str:
    (found,) = [found for _tag, found in Page(text).tags if found.get("id") == "uploads"]
    return f"?{found['hx-get'].partition('?')[2]}"


def test_who_may_push_sees_what_is_being_uploaded(ann: Visitor, place: Place) -> None:
    place.upload("ci-bot")
    place.upload("ci-bot", state="done", received=5_000_000)
    place.upload("left-behind", minutes_ago=9)
    text = strip(ann, place).text
    assert "Uploading now" in text
    assert "ci-bot" in text
    assert "1 layer stored" in text
    assert "left-behind" not in text
    assert "every 2s" in text
    assert "ci-bot" in ann.page(f"/r/{place.name}/-/uploads").text


def test_nothing_is_sent_again_until_something_changes(ann: Visitor, place: Place) -> None:
    upload = place.upload("ci-bot")
    first = strip(ann, place)
    assert strip(ann, place, again(first.text)).status_code == 204
    upload.delete()
    then = strip(ann, place, again(first.text))
    assert "Uploading now" not in then.text
    assert "every 15s" in then.text


def test_a_tag_that_was_pushed_meanwhile_is_told_once(ann: Visitor, place: Place) -> None:
    first = strip(ann, place)
    assert "was pushed" not in first.text
    push(target(place.name), images.image({"x": unique("n").encode()}), "1.4")
    then = strip(ann, place, again(first.text))
    assert "The tag 1.4 was pushed" in then.text
    assert strip(ann, place, again(then.text)).status_code == 204
    assert strip(ann, place, "?since=x&seen=y").status_code == 200


def test_who_may_not_push_is_not_told(ann: Visitor, place: Place) -> None:
    Member.objects.filter(pk=place.member.pk).update(role_id=Role.GUEST)
    assert strip(ann, place).status_code == 403
    assert not [found for _tag, found in ann.page(f"/r/{place.name}").tags if found.get("id") == "uploads"]
    Member.objects.filter(pk=place.member.pk).delete()
    assert strip(ann, place).status_code == 404
