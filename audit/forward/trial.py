"""One message, sent now by whoever asks, to see whether a syslog server takes it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from audit.forward import wire
from audit.forward.messages import Form, Record
from audit.forward.sending import told
from audit.forward.target import Target
from core.errors import OutgoingFailed, Stage

OPERATION: Final = "audit.forward-test"


def send(target: Target, facts: Mapping[str, Any]) -> None:
    """Send a message with these facts, and return when the server has read it (UDP: when it is sent).

    Raises OutgoingFailed, OutgoingRefused, whose text says what went wrong; ValueError for authorities that are none.
    """
    now = datetime.now(UTC)
    text = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    written = {"stream": "test", "time": text, "operation": OPERATION, "result": "ok", **facts}
    message = Form(target).message(Record(int(time.time() * 1_000_000), text, written))
    server = wire.opened(target)
    try:
        server.send([message])
        server.end()
    except OSError as failure:
        raise OutgoingFailed(f"{target.endpoint}: {told(failure)}", stage=Stage.SEND) from failure
    finally:
        server.cut()
