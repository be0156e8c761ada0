"""What a log line may not tell."""

from __future__ import annotations

import pytest

from jobs.logbook import Logbook
from jobs.redaction import redacted

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2",
        'sent {"password": "hunter2"}',
        "PASSWORD = hunter2",
        "postgresql://wharf:hunter2@db/wharf",
        "Authorization: Bearer hunter2hunter2",
        "Authorization: Basic hunter2hunter2==",
        "client_secret: 'hunter2'",
        "access_token=hunter2&x=1",
        "X-Api_Key: hunter2",
    ],
)
def test_a_secret_is_masked_wherever_it_stands(text: str) -> None:
    assert "hunter2" not in redacted(f"before {text} after")
    assert redacted(f"before {text} after").startswith("before ")


def test_plain_words_stay_as_they_are() -> None:
    text = "copied library/alpine@sha256:0123 to https://registry.example.test/v2/ in 3 s"
    assert redacted(text) == text


def test_a_message_is_one_bounded_line() -> None:
    assert redacted("a\nb\x00c") == "a ⏎ b\ufffdc"
    assert len(redacted("x" * 100_000)) == 2_000


def test_fields_with_telling_names_are_masked_and_all_are_bounded() -> None:
    log = Logbook(1, 0)
    log.info("x", token="hunter2", note="password=hunter2", size=5, big="y" * 50_000)
    (line,) = log.waiting
    assert "hunter2" not in line.fields
    assert len(line.fields) <= 8 * 1024
    assert '"size":5' in line.fields
