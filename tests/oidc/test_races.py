"""The same person in several browsers at the same moment: one account, and everybody is signed in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.models import Identity
from config import current
from tests.oidc.provider import Provider
from tests.oidc.visitor import Configure, Visitor

pytestmark = pytest.mark.django_db(transaction=True)


def finish(visitor: Visitor, answer: dict[str, str]) -> int:
    try:
        return visitor.finish(answer).status_code
    finally:
        connection.close()


def test_first_sign_ins_at_once_make_one_account(provider: Provider, configure: Configure):
    configure(oidc_auto_onboard=True)
    visitors = [Visitor() for _ in range(6)]
    answers = [provider.authorize(visitor.begin()) for visitor in visitors]
    current.forget()
    with ThreadPoolExecutor(len(visitors)) as pool:
        statuses = list(pool.map(finish, visitors, answers))
    assert statuses == [303] * len(visitors)
    assert Identity.objects.filter(subject=provider.person["sub"]).count() == 1
    assert len({visitor.user.pk for visitor in visitors}) == 1
