"""The one entry: whom a name and a password, secret or token prove. Every face asks here.

    name with a `$`           a robot's secret
    wharf_pat_…, wharf_cli_…  a personal access token or CLI secret of the person named
    anything else             a password, or a CLI secret its owner chose (accounts.gate.sign_in)

Only the last can be guessed, and a secret somebody chose for a robot; only guesses of these are limited: no wrong one keeps out
a generated secret, or who is already known. The client is told the same whatever is wrong; why stands in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from access.principal import ActorKind, AuthMethod, Origin, Principal
from accounts.gate import key_proofs, tried_names, uses
from accounts.gate.sign_in import SignedIn, sign_in
from accounts.keys import secrets
from accounts.keys.robots import MARK
from accounts.principals import of_user
from audit import sign_ins
from core.errors import CredentialsRefused, TooManyRequests

Proof = Callable[[str, str, Origin], Principal]

GUESSED_TOO_OFTEN: Final = "too many wrong passwords from this network: nothing was looked at"

log = structlog.get_logger(__name__)


def prove(username: str, password: str, origin: Origin) -> Principal:
    """The user or robot these credentials prove; that he came is noted (accounts.gate.uses).

    Raises Unauthenticated, with one message for every reason; TooManyRequests for more guesses than anybody may make;
    DirectoryUnavailable, Unavailable when they cannot be checked now.
    """
    proof, kind, method = _way(username, password)
    principal = _recorded(proof, username, password, Principal.anonymous(origin), kind=kind, method=method)
    uses.note(principal)
    return principal


def prove_person(username: str, password: str, origin: Origin) -> Principal:
    """The person whose own password this is, here or in the directory: for who opens a session with all his rights.

    No robot's secret, token or CLI secret is right. Nothing is noted: the session's own event tells of it
    (audit.sign_ins). Raises as `prove`.
    """
    return _recorded(
        _by_own_password,
        username,
        password,
        Principal.anonymous(origin),
        kind=ActorKind.USER,
        method=AuthMethod.BASIC,
    )


def _way(username: str, password: str) -> tuple[Proof, ActorKind, AuthMethod]:
    if MARK in username:
        return key_proofs.robot, ActorKind.ROBOT, AuthMethod.ROBOT
    for prefix, (_, method) in key_proofs.METHODS.items():
        if password.startswith(prefix):
            return key_proofs.person, ActorKind.USER, method
    return _by_password, ActorKind.USER, AuthMethod.BASIC


def _recorded(
    proof: Proof, username: str, password: str, nobody: Principal, *, kind: ActorKind, method: AuthMethod
) -> Principal:
    """What the proof gives; a refusal is recorded with the name that was tried (accounts.gate.tried_names)."""
    try:
        return proof(username, password, nobody.origin)
    except (CredentialsRefused, TooManyRequests) as refusal:
        reason = refusal.reason if isinstance(refusal, CredentialsRefused) else GUESSED_TOO_OFTEN
        log.info("sign-in refused", reason=reason, method=str(method), request_id=nobody.origin.request_id)
        sign_ins.refused(replace(nobody, auth=method), kind, tried_names.shown(kind, username), reason)
        raise


def _by_password(username: str, password: str, origin: Origin) -> Principal:
    if password.startswith(secrets.PREFIXES):
        # Neither a limit nor a directory need see what can be no password.
        raise CredentialsRefused("a robot's secret with the name of no robot")
    return _principal(sign_in(username, password, origin), origin)


def _by_own_password(username: str, password: str, origin: Origin) -> Principal:
    if password.startswith(secrets.PREFIXES):
        raise CredentialsRefused("a secret of a key, where the person's own password is needed")
    found = sign_in(username, password, origin)
    if found.key_id:
        raise CredentialsRefused("a CLI secret, where the person's own password is needed")
    return _principal(found, origin)


def _principal(found: SignedIn, origin: Origin) -> Principal:
    method = AuthMethod.CLI_SECRET if found.key_id else AuthMethod.BASIC
    return of_user(found.user, auth=method, origin=origin, key_id=found.key_id)
