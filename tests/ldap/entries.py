"""What stands in a test's OpenLDAP directory, and how a test changes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

BASE: Final = "dc=example,dc=org"
PEOPLE: Final = f"ou=people,{BASE}"
LEFT: Final = f"ou=left,{BASE}"
GROUPS: Final = f"ou=groups,{BASE}"
ROOT_DN: Final = f"cn=root,{BASE}"
SEARCH_DN: Final = f"cn=wharf,{BASE}"
NOBODY: Final = f"cn=nobody,{BASE}"
ROOT_PASSWORD: Final = "root-of-the-directory"
SEARCH_PASSWORD: Final = "search-account-password"
PIPELINED: Final = 200


class Entries:
    """Entries changed as the directory's administrator. Distinguished names are text."""

    def __init__(self) -> None:
        self._root: Any = None

    @property
    def url(self) -> str:
        raise NotImplementedError

    def forget_root(self) -> None:
        """The server is going: connect again when it is needed next."""
        self._root = None

    @property
    def root(self) -> Any:
        """python-ldap's connection of the administrator, for what has no method here."""
        import ldap

        if self._root is None:
            self._root = ldap.initialize(self.url)
            self._root.simple_bind_s(ROOT_DN, ROOT_PASSWORD)
        return self._root

    def add(self, dn: str, attributes: Mapping[str, str | Iterable[str]]) -> str:
        self.root.add_s(dn, _entry(attributes))
        return dn

    def add_person(
        self, name: str, password: str = "", *, mail: str = "", full_name: str = "", below: str = PEOPLE
    ) -> str:
        """The DN of the new person. Without `password` nothing signs him in."""
        attributes: dict[str, str] = {
            "objectClass": "inetOrgPerson",
            "uid": name,
            "sn": name,
            "cn": full_name or name,
            "mail": mail or f"{name}@example.org",
        }
        if password:
            attributes["userPassword"] = password
        return self.add(f"uid={escaped(name)},{below}", attributes)

    def add_people(self, names: Iterable[str]) -> list[str]:
        """Many, without passwords, PIPELINED of them before an answer is waited for (slapd hangs up at more)."""
        dns = [f"uid={name},{PEOPLE}" for name in names]
        for start in range(0, len(dns), PIPELINED):
            asked = [self.root.add(dn, _entry(_plain(dn))) for dn in dns[start : start + PIPELINED]]
            for number in asked:
                self.root.result(number)
        return dns

    def add_group(self, name: str, members: Iterable[str] = (), *, below: str = GROUPS) -> str:
        """The DN of the new groupOfNames."""
        return self.add(
            f"cn={escaped(name)},{below}",
            {"objectClass": "groupOfNames", "cn": name, "member": [NOBODY, *members]},
        )

    def add_members(self, group: str, *members: str) -> None:
        self.modify(group, 0, "member", members)

    def remove_members(self, group: str, *members: str) -> None:
        self.modify(group, 1, "member", members)

    def modify(self, dn: str, operation: int, attribute: str, values: Iterable[str]) -> None:
        """`operation`: ldap.MOD_ADD 0, MOD_DELETE 1, MOD_REPLACE 2; no values delete the attribute."""
        found = list(values)
        self.root.modify_s(dn, [(operation, attribute, values_of(found) if found else None)])

    def set_password(self, dn: str, password: str) -> None:
        self.modify(dn, 2, "userPassword", [password])

    def rename(self, dn: str, name: str) -> str:
        """Give an entry another name where it is; its new DN. entryUUID stays, references follow (refint)."""
        kind = dn.split("=", 1)[0]
        self.root.rename_s(dn, f"{kind}={escaped(name)}", delold=1)
        return f"{kind}={escaped(name)},{dn.split(',', 1)[1]}"

    def move(self, dn: str, below: str = LEFT) -> str:
        """Move an entry below another one; its new DN. LEFT lies outside of the base people are searched in."""
        first = dn.split(",", 1)[0]
        self.root.rename_s(dn, first, newsuperior=below, delold=1)
        return f"{first},{below}"

    def delete(self, dn: str) -> None:
        self.root.delete_s(dn)

    def uuid(self, dn: str) -> str:
        """The entryUUID: what accounts.ldap calls `subject`."""
        (_, attributes), *_ = self.root.search_s(dn, 0, "(objectClass=*)", ["entryUUID"])
        return str(attributes["entryUUID"][0].decode())

    def fill(self) -> None:
        """The tree: people, groups, those who left, the search account and NOBODY."""
        self.add(BASE, {"objectClass": ["dcObject", "organization"], "dc": "example", "o": "Example"})
        for dn in (PEOPLE, GROUPS, LEFT):
            self.add(dn, {"objectClass": "organizationalUnit", "ou": dn.split(",", 1)[0].removeprefix("ou=")})
        self.add(
            SEARCH_DN,
            {
                "objectClass": ["organizationalRole", "simpleSecurityObject"],
                "cn": "wharf",
                "userPassword": SEARCH_PASSWORD,
            },
        )
        self.add(NOBODY, {"objectClass": "organizationalRole", "cn": "nobody"})


def escaped(value: str) -> str:
    """A value as it stands in a DN."""
    from ldap.dn import escape_dn_chars

    return str(escape_dn_chars(value))


def _plain(dn: str) -> dict[str, str]:
    name = dn.split(",", 1)[0].removeprefix("uid=")
    return {
        "objectClass": "inetOrgPerson",
        "uid": name,
        "sn": name,
        "cn": name,
        "mail": f"{name}@example.org",
    }


def _entry(attributes: Mapping[str, str | Iterable[str]]) -> list[tuple[str, list[bytes]]]:
    return [(key, values_of(value)) for key, value in attributes.items()]


def values_of(value: str | bytes | Iterable[str]) -> list[bytes]:
    """As python-ldap takes them."""
    if isinstance(value, bytes):
        return [value]
    return [each.encode() for each in ([value] if isinstance(value, str) else value)]
