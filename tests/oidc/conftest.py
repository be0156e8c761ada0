"""A provider for each file of tests, and a Wharf that signs people in from it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from accounts.oidc import discovery, keys
from tests.oidc.provider import CLIENT, SECRET, Provider, serving
from tests.oidc.visitor import Configure, Visitor
from tests.people import make_user, unique


@pytest.fixture(scope="module")
def served() -> Iterator[Provider]:
    with serving() as found:
        yield found


@pytest.fixture
def settings_of_provider(served: Provider) -> dict[str, object]:
    """What an administrator sets for a provider on this machine."""
    return {
        "oidc_endpoint": served.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "outgoing_allowed_networks": ["127.0.0.0/8", "::1/128"],
        "outgoing_allowed_ports": [80, 443, urlsplit(served.issuer).port],
    }


@pytest.fixture
def provider(
    served: Provider, settings_of_provider: dict[str, object], configure: Configure
) -> Iterator[Provider]:
    """As good as new, and in use, with an administrator who does not come from it."""
    issuer, key = served.issuer, served.key
    served.__init__(issuer)  # type: ignore[misc]
    served.key, served.public = key, [key.as_dict(private=False)]
    discovery.forget()
    keys.forget()
    configure(**settings_of_provider)
    make_user("admin", password="correct horse battery", is_admin=True)
    served.person = {"sub": unique("sub"), "preferred_username": unique("ann")}
    yield served
    discovery.forget()
    keys.forget()


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()
