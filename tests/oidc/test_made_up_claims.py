"""Claims of any shape in a token that is signed as it should be: taken or refused, never a fault of ours."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oidc.provider import Provider
from tests.oidc.visitor import Visitor

pytestmark = pytest.mark.django_db

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    claim=st.sampled_from(
        [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "nonce",
            "azp",
            "at_hash",
            "name",
            "email",
            "preferred_username",
            "auth_time",
            "_claim_names",
            "email_verified",
        ]
    ),
    value=VALUES,
)
def test_a_signed_claim_of_any_shape_is_never_a_fault_of_ours(provider: Provider, claim: str, value: object):
    visitor = Visitor()
    provider.claims = {claim: value}
    answer = visitor.sign_in(provider)
    assert answer.status_code in (303, 403), answer.content
    if answer.status_code == 303:
        assert visitor.client.get("/auth/onboard").status_code == 200
