"""What people write for times, addresses and operations."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from audit.operations import OPERATIONS
from audit.reading.limits import START_OF_TIME
from audit.reading.parsing import address, moment, operations
from core.errors import InvalidInput

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "zone", "means"),
    [
        ("2026-11-21", UTC, "2026-11-21T00:00:00+00:00"),
        ("2026-11-21", BERLIN, "2026-11-20T23:00:00+00:00"),
        ("2026-07-01T12:00", BERLIN, "2026-07-01T10:00:00+00:00"),
        ("2026-11-21T18:00:01.5+02:00", BERLIN, "2026-11-21T16:00:01.500000+00:00"),
        (" 2026-11-21T18:00Z ", BERLIN, "2026-11-21T18:00:00+00:00"),
        ("2026-03-29T02:30", BERLIN, "2026-03-29T01:30:00+00:00"),  # there is no such time
        ("2026-10-25T02:30", BERLIN, "2026-10-25T00:30:00+00:00"),  # there are two
        ("24h", UTC, "2026-11-20T12:00:00+00:00"),
        ("7d", UTC, "2026-11-14T12:00:00+00:00"),
        ("90s", UTC, "2026-11-21T11:58:30+00:00"),
        ("1w", UTC, "2026-11-14T12:00:00+00:00"),
    ],
)
def test_times(text: str, zone: ZoneInfo, means: str):
    assert moment(text, zone, NOW).isoformat() == means


@pytest.mark.parametrize("text", ["0001-01-01", "700000d", "1969-01-01"])
def test_what_lies_before_all_computers_is_their_beginning(text: str):
    assert moment(text, UTC, NOW) == START_OF_TIME


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13-01", "7", "-7d", "7y", "٧d", "1e3s", "9999999d", "0001-01-01T00:00+01:00"],
)
def test_what_is_no_time_is_refused_with_examples(text: str):
    with pytest.raises(InvalidInput, match="is no time: write 2026-11-21"):
        moment(text, UTC, NOW)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("10.1.2.3", "10.1.2.3/32"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("2001:DB8::1", "2001:db8::1/128"),
        ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ("::ffff:10.1.0.0/112", "10.1.0.0/16"),
        ("::/0", "::/0"),
    ],
)
def test_addresses(text: str, means: str):
    assert str(address(text)) == means


@pytest.mark.parametrize(
    "text", ["", "10.1.2", "10.1.2.3/33", "fe80::1%eth0", "localhost", "10.1.2.3 or 1=1", "1" * 5000]
)
def test_what_is_no_address_is_refused_with_examples(text: str):
    with pytest.raises(InvalidInput, match="is no address: write 10"):
        address(text)


def test_operations_are_those_of_the_catalogue():
    assert operations(["tag.delete", "tag.delete"]) == ("tag.delete",)
    tags = operations(["tag.*", "user.create"])
    assert tags == (*(name for name in OPERATIONS if name.startswith("tag.")), "user.create")
    assert operations([]) == ()


@pytest.mark.parametrize("text", ["", "*", "tag", "tag.", "tag.nothing", "TAG.*", "nothing.*"])
def test_what_is_no_operation_is_refused(text: str):
    with pytest.raises(InvalidInput, match="there is no operation"):
        operations([text])
