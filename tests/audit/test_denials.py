from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection

from access.principal import Origin
from audit import denials
from audit.models import AuditEvent
from audit.parts import Resource
from tests.people import ANONYMOUS, unique

pytestmark = pytest.mark.django_db


def test_the_first_ten_a_minute_are_written_and_the_rest_counted():
    name = unique("denied")
    for _ in range(25):
        denials.record(ANONYMOUS, name, permission="repository:pull", reason="no")
    assert AuditEvent.objects.filter(operation=name, result="denied").count() == 10
    denials.flush(now=float("inf"))
    last = AuditEvent.objects.filter(operation=name).order_by("-id")[0]
    assert last.detail == {"reason": "no", "repeated": 15}
    assert AuditEvent.objects.filter(operation=name).count() == 11


def test_ten_made_up_names_hide_nobody_whom_somebody_guesses_at(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(denials, "_secret", b"the same groups in every run")
    name = unique("denied")
    for tried in [f"noise{number}" for number in range(10)] * 10 + ["ann"] * 3:
        denials.record(ANONYMOUS, name, resource=Resource("user", "", tried), reason="the password is wrong")
    written = AuditEvent.objects.filter(operation=name)
    assert written.filter(resource_name="ann").count() == 3


def test_names_without_end_are_not_written_without_end():
    name = unique("denied")
    for number in range(2000):
        denials.record(ANONYMOUS, name, resource=Resource("user", "", f"noise{number}"))
    denials.flush(now=float("inf"))
    written = AuditEvent.objects.filter(operation=name)
    assert written.count() <= denials.GROUPS * (denials.PER_MINUTE + 1)


def test_another_address_has_a_count_of_its_own():
    name = unique("denied")
    other = replace(ANONYMOUS, origin=Origin(ip="198.51.100.1"))
    for actor in [ANONYMOUS] * 12 + [other] * 2:
        denials.record(actor, name)
    assert AuditEvent.objects.filter(operation=name, ip="198.51.100.1").count() == 2


def test_a_refusal_that_cannot_be_recorded_disturbs_nobody():
    name = unique("denied")
    connection.needs_rollback = True  # as after an error nobody rolled back yet
    try:
        denials.record(ANONYMOUS, name)
    finally:
        connection.needs_rollback = False
    assert AuditEvent.objects.filter(operation=name).count() == 0
