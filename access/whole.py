"""What takes a person himself: no key can give more than it has, by way of somebody's account or of the sign-in."""

from __future__ import annotations

from access.principal import ActorKind, Principal
from core.errors import Denied


def require_whole(actor: Principal) -> None:
    """Raises Denied for robots, and for whoever came with a key of his, also one for all his rights.

    Whoever sets a password or makes an administrator can do whatever that account can, from anywhere and for ever: a key
    with an end and networks of its own would break out of them.
    """
    if actor.kind is ActorKind.ROBOT or actor.key_id or not actor.is_whole:
        raise Denied(
            "no robot and no token does this, it would give more rights than it has: do it as a person, by your password"
        )
