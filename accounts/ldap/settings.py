"""What a directory is asked with: the settings in force, or those an administrator is about to save."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from config import current
from config.catalogue import ldap, sign_in
from config.catalogue.setting import Setting
from config.directory import AuthMode, GroupMode, Scope, in_parentheses
from config.proposals import proposed
from core.errors import DirectoryUnavailable, DirectoryUnused, SettingUnreadable
from core.sealing import SealBroken


@dataclass(frozen=True, slots=True)
class Search:
    """Where entries of one kind are. `filter` is in parentheses, or "" for all."""

    base: str
    scope: Scope = Scope.SUBTREE
    filter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectorySettings:
    """The settings of a directory under their own meanings (config.catalogue.ldap describes them). Times in seconds.

    Two that are equal ask the same servers in the same way.
    """

    urls: tuple[str, ...]
    start_tls: bool = False
    verify: bool = True
    authorities: str = ""
    search_dn: str = ""
    search_password: SecretStr = field(default_factory=lambda: SecretStr(""))
    people: Search
    uid: str = "uid"
    timeout: int = 5
    connect_timeout: int = 5
    groups: Search
    group_name: str = "cn"
    group_mode: GroupMode = GroupMode.AUTO
    membership: str = "memberOf"
    member: str = "member"
    admin_dn: str = ""
    auditor_dn: str = ""

    @classmethod
    def current(cls) -> DirectorySettings:
        """Those in force. Raises DirectoryUnused; DirectoryUnavailable if one of them cannot be read."""
        with _told():
            now = current.snapshot()
            if now.get(sign_in.AUTH_MODE) is not AuthMode.LDAP_AUTH:
                raise DirectoryUnused
            return _of(now.get)

    @classmethod
    def proposed(cls, wanted: Mapping[str, Any]) -> DirectorySettings:
        """Those in force with `wanted` (key -> JSON value) in their place: for a test before saving, whatever auth_mode says.

        Raises SettingsInvalid under the rules of a change (the stored password is not sent to a server it was not given
        for), DirectoryUnavailable.
        """
        with _told():
            return _of(proposed(wanted))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (SettingUnreadable, SealBroken) as wrong:
        raise DirectoryUnavailable(
            f"a setting of the directory cannot be read: {wrong.message}",
            hint="wharf config list shows its problem",
        ) from None


def _of(value: Callable[[Setting[Any]], Any]) -> DirectorySettings:
    return DirectorySettings(
        urls=value(ldap.LDAP_URL),
        start_tls=value(ldap.LDAP_START_TLS),
        verify=value(ldap.LDAP_VERIFY_CERT),
        authorities=value(ldap.LDAP_CA_CERTIFICATES),
        search_dn=value(ldap.LDAP_SEARCH_DN),
        search_password=value(ldap.LDAP_SEARCH_PASSWORD),
        people=Search(
            value(ldap.LDAP_BASE_DN), value(ldap.LDAP_SCOPE), in_parentheses(value(ldap.LDAP_FILTER))
        ),
        uid=value(ldap.LDAP_UID),
        timeout=value(ldap.LDAP_TIMEOUT),
        connect_timeout=value(ldap.LDAP_CONNECT_TIMEOUT),
        groups=Search(
            value(ldap.LDAP_GROUP_BASE_DN),
            value(ldap.LDAP_GROUP_SEARCH_SCOPE),
            in_parentheses(value(ldap.LDAP_GROUP_SEARCH_FILTER)),
        ),
        group_name=value(ldap.LDAP_GROUP_ATTRIBUTE_NAME),
        group_mode=value(ldap.LDAP_GROUP_MODE),
        membership=value(ldap.LDAP_GROUP_MEMBERSHIP_ATTRIBUTE),
        member=value(ldap.LDAP_GROUP_MEMBER_ATTRIBUTE),
        admin_dn=value(ldap.LDAP_GROUP_ADMIN_DN),
        auditor_dn=value(ldap.LDAP_GROUP_AUDITOR_DN),
    )
