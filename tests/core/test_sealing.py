from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sealing import SealBroken, Sealer, SealMisplaced

HERE = "signing_key:private_key:2026-01"
OLD, NEW = "old secret " * 4, b"new secret " * 4


@given(st.binary(max_size=300))
def test_a_sealed_secret_opens_again_in_its_place(plaintext: bytes) -> None:
    sealer = Sealer([NEW])
    assert sealer.unseal(HERE, sealer.seal(HERE, plaintext)) == plaintext


def test_text_opens_as_its_utf8_bytes() -> None:
    sealer = Sealer([NEW])
    assert sealer.unseal(HERE, sealer.seal(HERE, "pässword")) == "pässword".encode()


def test_the_sealed_value_shows_neither_secret_nor_place_and_differs_each_time() -> None:
    sealer = Sealer([NEW])
    one, two = sealer.seal(HERE, b"hunter2"), sealer.seal(HERE, b"hunter2")
    assert one != two
    assert "hunter2" not in one
    assert "signing_key" not in one


@pytest.mark.parametrize(
    "there", ["signing_key:private_key:2026-02", "signing_key:private_key:2026-0", "user:private_key:2026-01"]
)
def test_a_ciphertext_moved_to_another_place_does_not_open_there(there: str) -> None:
    sealer = Sealer([NEW])
    with pytest.raises(SealMisplaced, match="another place"):
        sealer.unseal(there, sealer.seal(HERE, b"hunter2"))


def test_plaintext_cannot_pretend_to_be_the_end_of_a_longer_context() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal("t:c:1", b"23\0secret")
    with pytest.raises(SealMisplaced):
        sealer.unseal("t:c:123", sealed)


def test_an_added_key_seals_while_the_old_one_still_opens() -> None:
    before = Sealer([OLD]).seal(HERE, b"hunter2")
    both = Sealer([NEW, OLD])
    assert both.unseal(HERE, before) == b"hunter2"
    assert Sealer([NEW]).unseal(HERE, both.seal(HERE, b"hunter2")) == b"hunter2"


def test_resealing_frees_a_secret_from_its_old_key() -> None:
    before = Sealer([OLD]).seal(HERE, b"hunter2")
    after = Sealer([NEW, OLD]).reseal(HERE, before)
    assert Sealer([NEW]).unseal(HERE, after) == b"hunter2"
    with pytest.raises(SealBroken, match="configured keys"):
        Sealer([NEW]).unseal(HERE, before)


@pytest.mark.parametrize("damaged", ["", "not a token", "gAAAAA", "ä"])
def test_a_damaged_value_is_named_broken(damaged: str) -> None:
    with pytest.raises(SealBroken):
        Sealer([NEW]).unseal(HERE, damaged)


def test_one_changed_character_is_noticed() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal(HERE, b"hunter2")
    middle = len(sealed) // 2
    changed = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    with pytest.raises(SealBroken):
        sealer.unseal(HERE, changed)


def test_the_error_names_the_place_but_not_the_secret() -> None:
    sealer = Sealer([NEW])
    with pytest.raises(SealMisplaced) as caught:
        sealer.unseal("t:c:2", sealer.seal("t:c:1", b"hunter2"))
    assert "t:c:2" in caught.value.message
    assert "hunter2" not in repr(caught.value) + str(caught.value.detail)


@pytest.mark.parametrize("context", ["", "a", "a:b", "a::c", ":b:c", "a:b:", "a:b:c\0d"])
def test_a_context_must_name_table_column_and_key(context: str) -> None:
    with pytest.raises(ValueError, match="table:column:key"):
        Sealer([NEW]).seal(context, b"x")


@pytest.mark.parametrize("keys", [[], [""], [OLD, b""], "one string is not a list"])
def test_a_sealer_without_real_keys_is_refused(keys: list[bytes | str]) -> None:
    with pytest.raises(ValueError, match="secret"):
        Sealer(keys)
