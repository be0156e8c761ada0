"""A message that tries the syslog server of the settings, or of those somebody is about to save."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from access.principal import Principal
from access.table import P
from audit.actions import action
from audit.forward import trial
from config import forwarding, proposals
from core.errors import InvalidInput, WharfError


def send_test(actor: Principal, wanted: Mapping[str, Any] | None = None) -> str:
    """Send a message from here and return where to, once the server has read it (UDP: once it is sent).

    `wanted`: settings (key -> JSON value) in place of those in force. Raises OutgoingFailed, OutgoingRefused, SettingsInvalid,
    InvalidInput where there is no server to send to, Denied.
    """
    with action(actor, P.CONFIGURATION_UPDATE, name="audit.forward-test") as asked:
        target = forwarding.target(proposals.proposed(wanted or {}))
        if target is None:
            raise InvalidInput(
                "the audit log is not forwarded: set audit_log_forward_endpoint to a syslog server first"
            )
        asked.discard()  # the event is that of the outcome
    facts = {"actor_kind": str(actor.kind), "actor_name": actor.name, "request_id": actor.origin.request_id}
    failure: WharfError | None = None
    try:
        trial.send(target, facts)
    except ValueError as wrong:
        failure = InvalidInput(str(wrong))
    except WharfError as reason:
        failure = reason
    with action(actor, P.CONFIGURATION_UPDATE, name="audit.forward-test") as draft:
        draft.resource("syslog-server", None, str(target.endpoint))
        if failure is not None:
            draft.failed(str(failure))
    if failure is not None:
        raise failure
    return str(target.endpoint)
