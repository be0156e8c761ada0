"""Every setting an administrator can change while the registry runs. A setting nobody reads is not allowed to stand here.

Keys are Harbor's where Harbor has the setting, so that its clients find them. Plain data: no Django, no database;
`config.current.get(LDAP_URL)` gives the value in force, typed as its kind is. Import a setting from its module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from config.catalogue import audit, contents, forwarding, ldap, limits, oidc, outgoing, sign_in, tokens
from config.catalogue.setting import Setting

MODULES: Final = (sign_in, ldap, oidc, tokens, limits, contents, outgoing, audit, forwarding)

CATALOGUE: Final[Mapping[str, Setting[Any]]] = {
    found.key: found for module in MODULES for found in vars(module).values() if isinstance(found, Setting)
}
