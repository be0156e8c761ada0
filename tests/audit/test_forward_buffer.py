"""The files of messages: durable, whole whatever was torn, bounded, and gone when they have arrived."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from audit.forward import status
from audit.forward.buffer import Buffer, Position, packed, path_of, position_in, segments, state_of

pytestmark = pytest.mark.unit

BEGINNING = Position()


def held(folder: Path, **more: int) -> Buffer:
    buffer = Buffer(folder, **more)
    assert buffer.hold()
    return buffer


def let_go(buffer: Buffer) -> None:
    """As the end of the process does."""
    os.close(buffer._lock)


def messages(*numbers: int) -> list[bytes]:
    return [packed(number, b"message %d" % number) for number in numbers]


def read_all(buffer: Buffer, position: Position = BEGINNING, most: int = 100) -> list[bytes]:
    found: list[bytes] = []
    while (batch := buffer.read(position, most)).messages:
        found += batch.messages
        position = batch.end
    return found


def test_what_was_appended_is_read_in_order_also_by_the_next_process(tmp_path: Path):
    buffer = held(tmp_path, segment_bytes=100)
    for number in range(20):
        buffer.append(messages(number))
    assert read_all(buffer) == [b"message %d" % number for number in range(20)]
    assert len(segments(tmp_path)) > 3
    let_go(buffer)
    following = held(tmp_path)
    following.append(messages(20))
    assert read_all(following) == [b"message %d" % number for number in range(21)]


def test_one_process_has_the_folder(tmp_path: Path):
    buffer = held(tmp_path)
    assert not Buffer(tmp_path).hold()
    let_go(buffer)
    assert Buffer(tmp_path).hold()


@pytest.mark.parametrize("kept", range(0, 30, 3))
def test_a_torn_end_is_left_alone_and_what_follows_is_read(tmp_path: Path, kept: int):
    buffer = held(tmp_path)
    buffer.append(messages(1))
    let_go(buffer)
    with path_of(tmp_path, segments(tmp_path)[-1]).open("ab") as file:
        file.write(packed(2, b"never durable")[:-1][:kept])
    following = held(tmp_path)
    following.append(messages(3))
    assert read_all(following) == [b"message 1", b"message 3"]


def test_an_end_of_zeros_or_of_changed_bytes_is_torn(tmp_path: Path):
    buffer = held(tmp_path)
    buffer.append(messages(1, 2))
    let_go(buffer)
    path = path_of(tmp_path, segments(tmp_path)[0])
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data) + bytes(100))
    assert read_all(held(tmp_path)) == [b"message 1"]


def test_a_damaged_message_costs_no_other(tmp_path: Path):
    buffer = held(tmp_path)
    buffer.append(messages(1, 2, 3, 4))
    path = path_of(tmp_path, segments(tmp_path)[0])
    data, size = bytearray(path.read_bytes()), len(packed(1, b"message 1"))
    data[size + 3] ^= 1  # in the length of the second
    path.write_bytes(bytes(data))
    assert read_all(buffer) == [b"message 1", b"message 3", b"message 4"]


def test_a_message_longer_than_a_read_is_read_whole(tmp_path: Path):
    buffer = held(tmp_path)
    buffer.append([packed(1, b"x" * 5000), *messages(2)])
    assert read_all(buffer, most=64) == [b"x" * 5000, b"message 2"]


def test_what_has_arrived_is_removed_and_the_place_is_known_to_the_next_process(tmp_path: Path):
    buffer = held(tmp_path, segment_bytes=100)
    for number in range(20):
        buffer.append(messages(number))
    batch = buffer.read(Position(), 100)
    rest = read_all(buffer, batch.end)
    buffer.confirm(batch.end, {"sent": len(batch.messages)})
    let_go(buffer)
    state = state_of(tmp_path)
    assert state["sent"] == len(batch.messages)
    assert read_all(held(tmp_path), position_in(state)) == rest
    assert status.of(tmp_path).waiting_bytes == sum(len(each) for each in messages(*range(20))[-len(rest) :])


def test_a_full_buffer_has_no_room_until_something_has_arrived(tmp_path: Path):
    buffer = held(tmp_path, segment_bytes=100, max_bytes=300)
    while buffer.has_room():
        buffer.append(messages(1))
    position = buffer.read(Position(), 10_000).end
    while (batch := buffer.read(position, 10_000)).messages:
        position = batch.end
    buffer.confirm(position, {})
    assert buffer.has_room()
    buffer.append(messages(2))
    assert read_all(buffer, position) == [b"message 2"]


def test_nothing_is_lost_where_the_state_is_damaged(tmp_path: Path):
    buffer = held(tmp_path)
    buffer.append(messages(1, 2))
    buffer.confirm(buffer.read(Position(), 30).end, {})
    (tmp_path / "state.json").write_text("{")
    assert read_all(buffer, position_in(state_of(tmp_path))) == [b"message 1", b"message 2"]


def test_the_age_of_what_waits_is_told_from_the_files(tmp_path: Path):
    assert status.of(tmp_path / "none").oldest_seconds == 0
    buffer = held(tmp_path)
    buffer.append([packed(int((time.time() - 100) * 1_000_000), b"old")])
    assert 99 < status.of(tmp_path).oldest_seconds < 160
    buffer.confirm(buffer.read(Position(), 100).end, {})
    assert status.of(tmp_path).oldest_seconds == 0
