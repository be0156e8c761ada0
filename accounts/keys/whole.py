"""What takes all the rights of a person: no key that may do less can give more than it has, by way of somebody's account."""

from __future__ import annotations

from access.principal import ActorKind, Principal
from core.errors import Denied


def require_whole(actor: Principal) -> None:
    """Raises Denied for robots, and for keys that are for some of their owner's rights.

    Whoever sets a password or makes an administrator can do whatever that account can.
    """
    if actor.kind is ActorKind.ROBOT or not actor.is_whole:
        raise Denied(
            "no robot and no token with bounds does this, it would give more rights than it has: do it as a person"
        )
