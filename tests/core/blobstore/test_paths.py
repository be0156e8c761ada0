from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest

from core.blobstore.paths import is_shard, key_of, split_key, staging_name, upload_id_of
from core.oci.digest import Algorithm, Digest

UPLOAD = UUID("0b0e62f0-4d46-4d4c-9e0c-0f5d8a3c9b11")


@pytest.mark.parametrize(("algorithm", "digits"), [(Algorithm.SHA256, 64), (Algorithm.SHA512, 128)])
def test_a_key_names_shard_digest_and_upload(algorithm: Algorithm, digits: int) -> None:
    key = key_of(UPLOAD, Digest.of(b"x", algorithm))
    assert re.fullmatch(rf"([0-9a-f]{{2}})/\1[0-9a-f]{{{digits - 2}}}\.{UPLOAD}", key)
    assert "/".join(split_key(key)) == key


def test_a_staging_name_leads_back_to_its_upload() -> None:
    assert upload_id_of(staging_name(UPLOAD)) == UPLOAD


@pytest.mark.parametrize("name", ["", ".probe-1", str(UPLOAD).upper(), f"{UPLOAD}.tail", f"{UPLOAD}\n"])
def test_foreign_names_belong_to_no_upload(name: str) -> None:
    assert upload_id_of(name) is None


@pytest.mark.parametrize("upload", [UUID(int=0), UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")])
def test_an_id_that_might_repeat_makes_no_key(upload: UUID) -> None:
    with pytest.raises(ValueError, match="uuid4"):
        key_of(upload, Digest.of(b"x"))


@pytest.mark.parametrize("key", ["ab", f"ab/{'cd' * 32}.{uuid4()}", f"ab/../{'ab' * 32}.{uuid4()}"])
def test_a_key_of_another_shape_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="storage key"):
        split_key(key)


@pytest.mark.parametrize("name", ["lost+found", "a", "abc", "AB", "..", "ab\n"])
def test_foreign_folders_are_no_shards(name: str) -> None:
    assert not is_shard(name)
