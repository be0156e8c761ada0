"""`wharf audit forward`, and the settings it goes by."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.forward import collecting
from audit.forward.forwarder import Forwarder
from audit.models import AuditEvent
from config import current, forward_trial, services
from config import forwarding as of_settings
from core.errors import OutgoingFailed, SettingsInvalid, SettingUnreadable
from database import sql
from tests.audit.syslog import Rsyslog
from tests.people import SYSTEM
from tests.wharf.talking import Talking
from wharf import forwarding
from wharf.metrics_audit import AuditCollector

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> Talking:
    settings.WHARF_AUDIT_FORWARD = tmp_path / "forward"
    return Talking(capsys, monkeypatch)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Rsyslog]:
    found = Rsyslog(tmp_path / "rsyslog")
    found.start()
    change(audit_log_forward_endpoint=found.endpoint, audit_log_forward_ca=found.authority)
    yield found
    found.stop()


def change(**wanted: Any) -> None:
    services.change(SYSTEM, wanted)
    current.forget()


def figure(name: str) -> float:
    found = {sample.name: sample.value for metric in AuditCollector().collect() for sample in metric.samples}
    return found[name]


def test_a_test_message_is_read_by_the_server_and_is_an_event(shell: Talking, server: Rsyslog) -> None:
    assert shell.ok("audit", "forward", "test") == f"{server.endpoint} has the message\n"
    deadline = time.monotonic() + 10
    while not server.messages():
        assert time.monotonic() < deadline
    (found,) = server.messages()
    assert (found.name, found.told["stream"]) == ("audit.forward-test", "test")
    assert AuditEvent.objects.get(operation="audit.forward-test").resource_name == server.endpoint


def test_a_test_that_fails_says_why(shell: Talking, server: Rsyslog) -> None:
    change(audit_log_forward_server_name="logs.example.com")
    told = shell.refused("audit", "forward", "test")
    assert "the certificate of logs.example.com is not accepted" in told
    change(audit_log_forward_endpoint="tls://169.254.169.254")
    assert "link-local" in shell.refused("audit", "forward", "test")
    change(audit_log_forward_endpoint="")
    assert "set audit_log_forward_endpoint" in shell.refused("audit", "forward", "test")


def test_the_status_tells_what_waits_and_what_has_arrived(
    shell: Talking, server: Rsyslog, settings: Any
) -> None:
    forwarder = Forwarder(Path(settings.WHARF_AUDIT_FORWARD), forwarding.target)
    forwarder.step()
    try:
        deadline = time.monotonic() + 30
        while not (told := json.loads(shell.ok("audit", "forward", "status", "--json")))["sent"]:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        forwarder.stop()
    assert told["endpoint"] == server.endpoint
    assert (told["waiting_bytes"], told["error"], told["failures"]) == (0, None, 0)
    assert figure("wharf_audit_forward_sent_total") == told["sent"]
    assert figure("wharf_audit_forward_buffer_bytes") == figure("wharf_audit_forward_lag_seconds") == 0
    assert "events go to tls://localhost" in shell.ok("audit", "forward", "status")
    # The very act that turned forwarding on has arrived.
    assert "configuration.update" in {each.name for each in server.messages()}


def test_what_nobody_collects_is_a_lag(shell: Talking, server: Rsyslog, settings: Any) -> None:
    forwarder = Forwarder(Path(settings.WHARF_AUDIT_FORWARD), forwarding.target)
    forwarder.step()
    forwarder.stop()
    change(audit_log_forward_app_name="other")
    time.sleep(1.1)
    assert figure("wharf_audit_forward_lag_seconds") > 1
    assert figure("wharf_audit_forward_buffer_bytes") > 0
    change(audit_log_forward_endpoint="")
    assert figure("wharf_audit_forward_lag_seconds") == 0


def test_the_log_can_be_forwarded_from_another_time_on(shell: Talking, server: Rsyslog) -> None:
    assert "is forwarded" in shell.ok("audit", "forward", "from", "2026-01-01")
    assert AuditEvent.objects.get(operation="audit.forward-from").detail["after"] == {
        "from": "2026-01-01T00:00:00+00:00"
    }
    assert collecting.lag() > 0
    assert shell.status("audit", "forward", "from", "yesterday") == 2


def test_without_a_server_the_status_says_so(shell: Talking) -> None:
    assert "is not forwarded: set audit_log_forward_endpoint" in shell.ok("audit", "forward", "status")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("endpoint", "https://logs", "tls://host"),
        ("ca", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----", "PEM"),
        ("server_name", "a b", "host name"),
        ("facility", "kern", "local7"),
        ("app_name", "a b", "without spaces"),
        ("max_bytes", 100, "2048"),
    ],
)
def test_settings_that_cannot_be_are_refused(key: str, value: Any, told: str) -> None:
    with pytest.raises(SettingsInvalid, match=told):
        change(**{f"audit_log_forward_{key}": value})


def test_the_shipper_reads_the_settings_as_everybody_does(server: Rsyslog, settings: Any) -> None:
    change(
        audit_log_forward_facility="local3",
        audit_log_forward_pulls=True,
        outgoing_allowed_networks=["169.254.7.0/24"],
    )
    assert forwarding.target() == of_settings.target(current.snapshot().get)
    settings.WHARF_SETTING_LOCKS = {"audit_log_forward_app_name": "fixed"}
    found = forwarding.target()
    assert found is not None
    assert (found.app_name, found.pulls, str(found.facility)) == ("fixed", True, "local3")


def test_a_damaged_setting_does_not_turn_forwarding_off(server: Rsyslog) -> None:
    sql.execute("UPDATE setting SET value = '7' WHERE key = 'audit_log_forward_endpoint'")
    with pytest.raises(SettingUnreadable):
        forwarding.target()


def test_a_test_message_can_try_what_is_not_saved(server: Rsyslog) -> None:
    with pytest.raises(OutgoingFailed, match="cannot be reached"):
        forward_trial.send_test(SYSTEM, {"audit_log_forward_endpoint": "tcp://127.0.0.1:1"})
    event = AuditEvent.objects.get(operation="audit.forward-test")
    assert (event.result, event.resource_name) == ("failed", "tcp://127.0.0.1:1")
    assert "cannot be reached" in event.detail["reason"]
