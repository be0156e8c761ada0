"""What every blob store driver promises about uploads.

Bind it in a module that has a `store` fixture: prepared and empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import DigestMismatch, UploadUnknown
from core.oci.digest import Algorithm, Digest
from tests.core.blobstore.pushes import content_of, pushed, staged, staged_sizes, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.blobstore.base import BlobStore, Piece

ALGORITHMS = pytest.mark.parametrize("algorithm", list(Algorithm))
HELLO = b"hello, wharf"


class ClientGoneError(Exception):
    pass


def broken_off(*pieces: bytes) -> Iterator[bytes]:
    yield from pieces
    raise ClientGoneError


class UploadConformance:
    @ALGORITHMS
    def test_an_append_from_the_start_reports_the_digest_of_the_content(
        self, store: BlobStore, algorithm: Algorithm
    ) -> None:
        appended = store.append(store.begin(uuid4()), 0, [b"hello, ", b"wharf"], algorithm=algorithm)
        assert (appended.offset, appended.digest) == (len(HELLO), Digest.of(HELLO, algorithm))

    def test_a_later_append_knows_no_digest_and_commit_reads_the_bytes_back(self, store: BlobStore) -> None:
        session = staged(store, b"hello, ")
        appended = store.append(session, 7, [b"wharf"])
        assert (appended.offset, appended.digest) == (12, None)
        assert content_of(store, store.commit(session, Digest.of(HELLO), size=12)) == HELLO

    @ALGORITHMS
    def test_the_digest_of_staged_bytes_can_be_asked_for(
        self, store: BlobStore, algorithm: Algorithm
    ) -> None:
        session = staged(store, HELLO)
        assert store.digest_of(session, algorithm, 12) == Digest.of(HELLO, algorithm)
        assert store.digest_of(session, algorithm, 5) == Digest.of(b"hello", algorithm)

    @given(chunks=st.lists(st.tuples(st.binary(max_size=40), st.booleans()), max_size=6))
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_chunks_whose_answer_was_lost_are_replaced_when_sent_again(
        self, store: BlobStore, chunks: list[tuple[bytes, bool]]
    ) -> None:
        session, content = store.begin(uuid4()), b""
        for chunk, answer_was_lost in chunks:
            if answer_was_lost:
                store.append(session, len(content), [b"never acknowledged" * 3])
            content += chunk
            assert store.append(session, len(content) - len(chunk), [chunk]).offset == len(content)
        assert content_of(store, store.commit(session, Digest.of(content), size=len(content))) == content

    def test_a_shorter_chunk_leaves_nothing_of_a_longer_lost_one(self, store: BlobStore) -> None:
        session = staged(store, HELLO * 3)
        store.append(session, 0, [HELLO])
        assert staged_sizes(store) == [12]

    def test_pieces_may_be_any_bytes_of_any_length(self, store: BlobStore) -> None:
        long = bytes(range(256)) * 4096 * 3 + b"end"
        pieces: list[Piece] = [b"", bytearray(b"one"), memoryview(b"__two__")[2:5], long, b""]
        session = store.begin(uuid4())
        appended = store.append(session, 0, pieces)
        content = b"onetwo" + long
        assert appended.digest == Digest.of(content)
        key = store.commit(session, Digest.of(content), size=appended.offset)
        assert content_of(store, key) == content

    def test_the_iterable_may_reuse_its_buffer(self, store: BlobStore) -> None:
        def reading() -> Iterator[memoryview]:
            buffer = bytearray(4)
            for word in (b"abcd", b"efgh", b"ijkl"):
                buffer[:] = word
                yield memoryview(buffer)

        session = store.begin(uuid4())
        appended = store.append(session, 0, reading())
        key = store.commit(session, Digest.of(b"abcdefghijkl"), size=12, known=appended.digest)
        assert content_of(store, key) == b"abcdefghijkl"

    def test_a_client_that_breaks_off_leaves_the_acknowledged_prefix(self, store: BlobStore) -> None:
        session = staged(store, b"hello, ")
        with pytest.raises(ClientGoneError):
            store.append(session, 7, broken_off(b"wh", b"arg"))
        assert staged_sizes(store) == [7]
        assert store.append(session, 7, [b"wharf"]).offset == 12
        assert content_of(store, store.commit(session, Digest.of(HELLO), size=12)) == HELLO

    def test_a_first_chunk_broken_off_leaves_an_empty_session(self, store: BlobStore) -> None:
        session = store.begin(uuid4())
        with pytest.raises(ClientGoneError):
            store.append(session, 0, broken_off(b"hel"))
        assert staged_sizes(store) == [0]

    def test_a_client_error_that_is_an_oserror_passes_as_it_is(self, store: BlobStore) -> None:
        def reset() -> Iterator[bytes]:
            yield b"hel"
            raise ConnectionResetError

        session = store.begin(uuid4())
        with pytest.raises(ConnectionResetError):
            store.append(session, 0, reset())
        assert store.append(session, 0, [HELLO]).offset == 12

    @pytest.mark.parametrize("offset", [1, 13, 1 << 40])
    def test_an_offset_beyond_the_staged_bytes_is_a_lost_session(self, store: BlobStore, offset: int) -> None:
        session = staged(store, b"")
        with pytest.raises(UploadUnknown):
            store.append(session, offset, [b"x"])
        with pytest.raises(UploadUnknown):
            store.commit(session, Digest.of(b""), size=offset)
        with pytest.raises(UploadUnknown):
            store.digest_of(session, Algorithm.SHA256, offset)

    def test_nothing_is_visible_before_commit(self, store: BlobStore) -> None:
        session = staged(store, HELLO)
        assert visible(store) == []
        assert store.stat(store.key_of(session, Digest.of(HELLO))) is None
        assert staged_sizes(store) == [12]

    def test_commit_moves_the_bytes_out_of_staging_to_the_key_foretold(self, store: BlobStore) -> None:
        session = staged(store, HELLO)
        foretold = store.key_of(session, Digest.of(HELLO))
        assert store.commit(session, Digest.of(HELLO), size=12) == foretold
        assert visible(store) == [foretold]
        assert staged_sizes(store) == []

    def test_commit_publishes_only_the_acknowledged_bytes(self, store: BlobStore) -> None:
        session = staged(store, HELLO + b"never acknowledged")
        key = store.commit(session, Digest.of(HELLO), size=12)
        assert content_of(store, key) == HELLO

    @ALGORITHMS
    @pytest.mark.parametrize("proven_while_streaming", [True, False])
    def test_a_wrong_digest_destroys_the_session(
        self, store: BlobStore, algorithm: Algorithm, proven_while_streaming: bool
    ) -> None:
        session = staged(store, HELLO)
        known = Digest.of(HELLO, algorithm) if proven_while_streaming else None
        with pytest.raises(DigestMismatch, match=str(Digest.of(HELLO, algorithm))):
            store.commit(session, Digest.of(b"other", algorithm), size=12, known=known)
        assert visible(store) == []
        assert staged_sizes(store) == []
        with pytest.raises(UploadUnknown):
            store.append(session, 0, [HELLO])

    def test_a_digest_known_in_another_algorithm_does_not_count(self, store: BlobStore) -> None:
        session, expected = staged(store, HELLO), Digest.of(HELLO, Algorithm.SHA512)
        key = store.commit(session, expected, size=12, known=Digest.of(HELLO))
        assert content_of(store, key) == HELLO

    def test_the_hook_runs_when_the_digest_is_proven_and_nothing_is_visible_yet(
        self, store: BlobStore
    ) -> None:
        seen: list[list[str]] = []
        session = staged(store, HELLO)
        store.commit(session, Digest.of(HELLO), size=12, before_publish=lambda: seen.append(visible(store)))
        assert seen == [[]]

    def test_the_hook_does_not_run_for_a_wrong_digest(self, store: BlobStore) -> None:
        ran: list[str] = []
        session = staged(store, HELLO)
        with pytest.raises(DigestMismatch):
            store.commit(session, Digest.of(b""), size=12, before_publish=lambda: ran.append("hook"))
        assert ran == []

    def test_a_failing_hook_leaves_the_session_as_it_was(self, store: BlobStore) -> None:
        def failing() -> None:
            raise ClientGoneError

        session = staged(store, HELLO)
        with pytest.raises(ClientGoneError):
            store.commit(session, Digest.of(HELLO), size=12, before_publish=failing)
        assert visible(store) == []
        assert content_of(store, store.commit(session, Digest.of(HELLO), size=12)) == HELLO

    def test_an_aborted_session_is_gone_for_good_and_abort_may_be_repeated(self, store: BlobStore) -> None:
        session = staged(store, HELLO)
        store.abort(session)
        store.abort(session)
        assert staged_sizes(store) == []
        with pytest.raises(UploadUnknown):
            store.append(session, 0, [HELLO])
        with pytest.raises(UploadUnknown):
            store.commit(session, Digest.of(HELLO), size=0)

    def test_a_committed_session_is_gone_and_aborting_it_keeps_the_blob(self, store: BlobStore) -> None:
        session = staged(store, HELLO)
        key = store.commit(session, Digest.of(HELLO), size=12)
        with pytest.raises(UploadUnknown):
            store.commit(session, Digest.of(HELLO), size=12)
        with pytest.raises(UploadUnknown):
            store.append(session, 12, [b"more"])
        store.abort(session)
        assert content_of(store, key) == HELLO

    def test_staged_sessions_are_listed_with_what_abort_needs(self, store: BlobStore) -> None:
        sessions = {staged(store, HELLO).upload_id: 12, staged(store, b"x").upload_id: 1}
        pushed(store, b"visible")
        found = list(store.walk_staging())
        assert {upload.session.upload_id: upload.size for upload in found} == sessions
        for upload in found:
            store.abort(upload.session)
        assert staged_sizes(store) == []

    def test_an_upload_id_must_be_a_uuid4(self, store: BlobStore) -> None:
        with pytest.raises(ValueError, match="uuid4"):
            store.begin(UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"))
