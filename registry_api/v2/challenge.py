"""The 401 of /v2: one Bearer challenge with the scope the request needs (distribution token specification).

With `error=` whenever a token was presented: containerd drops a cached token only then, containers/image asks for a wider
one only on `insufficient_scope`. No quoted value is empty, and the word that names the other scheme never appears.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest

from access.origin import external_origin
from accounts.registry_tokens import SERVICE
from core.errors import Unauthenticated

DENIED = (
    "requested access to the resource is denied: the project does not exist, "
    "or your role, robot or token does not allow this"
)
TOKEN_PATH = "/service/token"  # noqa: S105 - an address


class Challenge(Unauthenticated):
    """Ask for (other) credentials. `error` is RFC 6750's, '' when none were presented."""

    def __init__(self, message: str, *, scopes: Sequence[str] = (), error: str = "") -> None:
        super().__init__(message)
        self.scopes = tuple(scopes)
        self.error = error


def header(request: HttpRequest, challenge: Challenge) -> str:
    """The value of WWW-Authenticate. Raises HostUnknown for a Host that is not ours."""
    parts = [f'realm="{external_origin(request)}{TOKEN_PATH}"', f'service="{SERVICE}"']
    if challenge.scopes:
        parts.append(f'scope="{" ".join(challenge.scopes)}"')
    if challenge.error:
        parts.append(f'error="{challenge.error}"')
    if challenge.error == "insufficient_scope":
        # docker prints this text in place of its own; it says the same whether or not the repository exists.
        parts.append(f'error_description="{DENIED}"')
    return "Bearer " + ",".join(parts)
