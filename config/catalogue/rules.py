"""What several settings must be together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from config.catalogue.ldap import LDAP_BASE_DN, LDAP_SEARCH_DN, LDAP_SEARCH_PASSWORD, LDAP_START_TLS, LDAP_URL
from config.catalogue.oidc import OIDC_CLIENT_ID, OIDC_ENDPOINT
from config.catalogue.setting import Setting
from config.catalogue.sign_in import AUTH_MODE
from config.directory import AuthMode


@dataclass(frozen=True, slots=True)
class Rule:
    """What several settings must be together. `broken` gets a way to ask for their values; asked when one of them changes.

    `key`: whom the mistake is told of.
    """

    key: str
    settings: tuple[Setting[Any], ...]
    message: str
    broken: Callable[[Callable[[Setting[Any]], Any]], bool]


RULES: Final = (
    Rule(
        AUTH_MODE.key,
        (AUTH_MODE, LDAP_URL, LDAP_BASE_DN),
        "ldap_auth needs ldap_url and ldap_base_dn",
        lambda value: (
            value(AUTH_MODE) is AuthMode.LDAP_AUTH and not (value(LDAP_URL) and value(LDAP_BASE_DN))
        ),
    ),
    Rule(
        AUTH_MODE.key,
        (AUTH_MODE, OIDC_ENDPOINT),
        "oidc_auth needs oidc_endpoint",
        lambda value: value(AUTH_MODE) is AuthMode.OIDC_AUTH and not value(OIDC_ENDPOINT),
    ),
    Rule(
        OIDC_ENDPOINT.key,
        (OIDC_ENDPOINT, OIDC_CLIENT_ID),
        "oidc_endpoint needs oidc_client_id",
        lambda value: bool(value(OIDC_ENDPOINT)) and not value(OIDC_CLIENT_ID),
    ),
    Rule(
        LDAP_START_TLS.key,
        (LDAP_START_TLS, LDAP_URL),
        "StartTLS is for ldap://: an ldaps:// address is encrypted from the start",
        lambda value: value(LDAP_START_TLS) and any(url.startswith("ldaps:") for url in value(LDAP_URL)),
    ),
    Rule(
        # A directory takes a name without a password for nobody, and says yes.
        LDAP_SEARCH_PASSWORD.key,
        (LDAP_SEARCH_DN, LDAP_SEARCH_PASSWORD),
        "ldap_search_dn needs its password: give both, or neither to search anonymously",
        lambda value: bool(value(LDAP_SEARCH_DN)) and not value(LDAP_SEARCH_PASSWORD).get_secret_value(),
    ),
)
