"""What administrators ask of the directory and the provider by way of an API: each right is checked before anybody is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from access.check import require
from access.table import P
from access.whole import require_whole
from accounts import ldap, oidc
from accounts.ldap import DirectorySettings
from accounts.oidc.settings import ProviderSettings
from accounts.sync import people
from config import current
from config.catalogue.oidc import OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_ENDPOINT, OIDC_VERIFY_CERT
from core.errors import AlreadyExists, DirectoryUnavailable, NameInvalid, ProviderUnavailable, UserUnknown

if TYPE_CHECKING:
    from access.principal import Principal
    from accounts.ldap import FoundGroup, Person
    from accounts.models import Group

# Steps of a trial of the provider that need no client.
WITHOUT_CLIENT: Final = ("discovery", "clock", "signing keys")


def import_group(actor: Principal, dn: str, *, name: str | None = None) -> Group:
    """As `people.import_group_at`, from the directory in use."""
    require(actor, P.USER_GROUP_CREATE, None)
    return people.import_group_at(actor, people.the_directory(), dn, name=name)


def import_people(actor: Principal, names: Iterable[str]) -> dict[str, str]:
    """Accounts for people of the directory who have not signed in yet; by name why there is none for the others.

    Raises Unavailable, Denied.
    """
    require(actor, P.LDAP_USER_CREATE, None)
    require(actor, P.USER_CREATE, None)
    directory, failed = people.the_directory(), {}
    for name in names:
        try:
            people.import_person(actor, directory, name)
        except (UserUnknown, AlreadyExists, NameInvalid) as error:
            failed[name] = error.message
    return failed


def search_people(actor: Principal, text: str) -> tuple[Person, ...]:
    """People of the directory whose name, full name or mail holds `text`, at most 50. Raises Unavailable, Denied."""
    require(actor, P.LDAP_USER_LIST, None)
    directory = people.the_directory()
    return people.asked(lambda: directory.search_people(text))


def search_groups(actor: Principal, text: str, dn: str = "") -> tuple[FoundGroup, ...]:
    """Groups of the directory whose name holds `text`, at most 50; with `dn` that group, if there is one.

    Raises Unavailable, Denied.
    """
    require(actor, P.USER_GROUP_LIST, None)
    directory = people.the_directory()
    if not dn:
        return people.asked(lambda: directory.search_groups(text))
    found = people.asked(lambda: directory.group(dn))
    return () if found is None else (found,)


def try_directory(actor: Principal, wanted: Mapping[str, Any]) -> str:
    """What keeps a directory under these settings (key -> JSON value, before those in force) from being used; "" for nothing.

    Raises SettingsInvalid, Denied.
    """
    _require_settings(actor)
    try:
        steps = ldap.diagnose(DirectorySettings.proposed(wanted))
    except DirectoryUnavailable as error:
        return error.told
    return _failure(steps)


def try_provider(actor: Principal, issuer: str | None = None, *, verify: bool | None = None) -> str:
    """What keeps the OpenID provider from being used, "" for nothing: that of the settings, or the one at `issuer`.

    Of another one than that of the settings the client is not tried, whose secret it is not sent.
    Raises SettingsInvalid, Denied.
    """
    _require_settings(actor)
    is_other = issuer is not None and issuer != current.get(OIDC_ENDPOINT)
    wanted: dict[str, Any] = {} if verify is None else {OIDC_VERIFY_CERT.key: verify}
    if is_other:
        wanted |= {OIDC_ENDPOINT.key: issuer, OIDC_CLIENT_SECRET.key: ""}
        wanted |= {} if current.get(OIDC_CLIENT_ID) else {OIDC_CLIENT_ID.key: "wharf"}
    try:
        steps = oidc.diagnose(ProviderSettings.proposed(wanted))
    except ProviderUnavailable as error:
        return error.told
    return _failure(each for each in steps if not is_other or each.name in WITHOUT_CLIENT)


def _require_settings(actor: Principal) -> None:
    """It connects to wherever the settings say, so it takes what changing them takes."""
    require(actor, P.CONFIGURATION_UPDATE, None)
    require_whole(actor)


def _failure(steps: Iterable[ldap.Step | oidc.Step]) -> str:
    return next((_sentence(f"{each.name}: {each.detail}", each.hint) for each in steps if not each.ok), "")


def _sentence(reason: str, hint: str) -> str:
    return f"{reason}: {hint}" if hint else reason
