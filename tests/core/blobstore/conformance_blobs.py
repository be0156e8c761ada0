"""What every blob store driver promises about visible blobs.

Bind it in a module that has a `store` fixture: prepared and empty.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from core.blobstore.base import BlobDamaged, BlobMissing, BlobStat
from core.errors import DigestMismatch
from core.oci.digest import Algorithm, Digest
from tests.core.blobstore.pushes import content_of, pushed, staged, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.blobstore.base import BlobStore

HELLO = b"hello, wharf"
NO_KEYS = [
    "",
    "ab",
    "../../etc/passwd",
    f"ab/{'ab' * 32}",
    f"cd/{'ab' * 32}.{uuid4()}",
    f"AB/{'AB' * 32}.{uuid4()}",
    f"ab/{'ab' * 32}.{uuid4()}\n",
    f"ab/{'ab' * 32}.6ba7b810-9dad-11d1-80b4-00c04fd430c8",
]


class BlobConformance:
    @pytest.mark.parametrize("algorithm", list(Algorithm))
    @pytest.mark.parametrize("content", [b"", b"x", HELLO, bytes(range(256)) * 9000], ids=len)
    def test_a_pushed_blob_reads_back_byte_for_byte(
        self, store: BlobStore, algorithm: Algorithm, content: bytes
    ) -> None:
        key = pushed(store, content, algorithm)
        assert content_of(store, key) == content
        assert store.stat(key) == BlobStat(len(content))

    def test_an_empty_blob_needs_no_append(self, store: BlobStore) -> None:
        key = store.commit(store.begin(uuid4()), Digest.of(b""), size=0)
        assert content_of(store, key) == b""

    @pytest.mark.parametrize("offset", [0, 1, 11, 12])
    def test_a_blob_opens_at_an_offset(self, store: BlobStore, offset: int) -> None:
        with store.open(pushed(store, HELLO), offset) as stream:
            assert stream.read() == HELLO[offset:]

    def test_a_blob_is_read_piece_by_piece(self, store: BlobStore) -> None:
        with store.open(pushed(store, HELLO)) as stream:
            assert [stream.read(7), stream.read(7), stream.read(7)] == [b"hello, ", b"wharf", b""]

    def test_a_blob_of_another_length_than_the_database_says_is_not_served(self, store: BlobStore) -> None:
        key = pushed(store, HELLO)
        store.open(key, size=12).close()
        with pytest.raises(BlobDamaged, match="12 bytes instead of 13"):
            store.open(key, size=13)

    def test_a_key_without_bytes_is_told_apart_from_a_failing_storage(self, store: BlobStore) -> None:
        key = store.key_of(staged(store), Digest.of(HELLO))
        assert store.stat(key) is None
        with pytest.raises(BlobMissing):
            store.open(key)

    @pytest.mark.parametrize("key", NO_KEYS)
    def test_only_storage_keys_are_taken_as_keys(self, store: BlobStore, key: str) -> None:
        for act in (store.stat, store.open, store.delete, lambda key: store.put_back(key, [HELLO])):
            with pytest.raises(ValueError, match="not a storage key"):
                act(key)

    def test_one_digest_pushed_twice_lies_under_two_keys(self, store: BlobStore) -> None:
        one, two = pushed(store, HELLO), pushed(store, HELLO)
        assert one != two
        store.delete(one)
        assert content_of(store, two) == HELLO

    def test_both_algorithms_of_one_content_are_two_blobs(self, store: BlobStore) -> None:
        keys = {pushed(store, HELLO, algorithm) for algorithm in Algorithm}
        assert set(visible(store)) == keys
        assert len(keys) == 2

    def test_a_deleted_blob_is_gone_and_delete_may_be_repeated(self, store: BlobStore) -> None:
        key = pushed(store, HELLO)
        store.delete(key)
        store.delete(key)
        assert store.stat(key) is None
        assert visible(store) == []

    def test_a_download_in_flight_outlives_the_delete(self, store: BlobStore) -> None:
        content = bytes(range(256)) * 20_000
        key = pushed(store, content)
        with store.open(key) as stream:
            first = stream.read(1000)
            store.delete(key)
            rest = b"".join(iter(lambda: stream.read(65536), b""))
        assert first + rest == content

    def test_a_blob_of_a_backup_comes_back_under_its_key(self, store: BlobStore) -> None:
        for algorithm in Algorithm:
            key = pushed(store, HELLO, algorithm)
            store.delete(key)
            store.put_back(key, [HELLO[:5], HELLO[5:]])
            assert content_of(store, key) == HELLO
            store.put_back(key, [HELLO])  # over one that is there
            assert content_of(store, key) == HELLO
        assert list(store.walk_staging()) == []

    def test_other_bytes_are_not_put_back_and_change_nothing(self, store: BlobStore) -> None:
        key = pushed(store, HELLO)
        with pytest.raises(DigestMismatch):
            store.put_back(key, [b"hello, world"])
        assert content_of(store, key) == HELLO
        assert list(store.walk_staging()) == []

    def test_a_copy_that_cannot_be_read_leaves_nothing_behind(self, store: BlobStore) -> None:
        key = pushed(store, HELLO)
        store.delete(key)

        def broken() -> Iterator[bytes]:
            yield HELLO[:5]
            raise OSError("bad sector")

        with pytest.raises(OSError, match="bad sector"):
            store.put_back(key, broken())
        assert visible(store) == []
        assert list(store.walk_staging()) == []

    def test_the_walk_is_in_byte_order_and_tells_size_and_age(self, store: BlobStore) -> None:
        sizes = {pushed(store, b"%d" % number * number): number * len(str(number)) for number in range(40)}
        found = list(store.walk())
        assert [blob.key for blob in found] == sorted(sizes)
        assert {blob.key: blob.size for blob in found} == sizes
        assert all(abs(time.time() - blob.changed) < 60 for blob in found)

    def test_the_walk_goes_on_while_blobs_are_deleted_under_it(self, store: BlobStore) -> None:
        keys = sorted(pushed(store, b"%d" % number) for number in range(10))
        walk = store.walk()
        assert next(walk).key == keys[0]
        for key in keys:
            store.delete(key)
        assert len(list(walk)) < 10
        assert visible(store) == []

    def test_many_clients_pushing_one_blob_get_a_whole_blob_each(self, store: BlobStore) -> None:
        content = bytes(range(256)) * 5000
        with ThreadPoolExecutor(8) as pool:
            keys = list(pool.map(lambda _: pushed(store, content), range(24)))
        assert sorted(keys) == visible(store)
        assert {content_of(store, key) for key in keys} == {content}
        assert len(set(keys)) == 24

    def test_a_public_address_is_given_by_drivers_that_have_one(self, store: BlobStore) -> None:
        address = store.url(pushed(store, HELLO), seconds=60)
        assert address is None or address.startswith(("http://", "https://"))

    def test_preparing_again_keeps_mark_and_blobs(self, store: BlobStore) -> None:
        key = pushed(store, HELLO)
        assert store.prepare() == store.prepare()
        assert content_of(store, key) == HELLO

    def test_a_healthy_storage_passes_its_check_and_leaves_no_trace(self, store: BlobStore) -> None:
        store.check()
        assert store.has_room()
        assert visible(store) == []
        assert list(store.walk_staging()) == []
