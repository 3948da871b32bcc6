"""Sealing: each nonce once, each unit bound to its place, its file and its key."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from telegraphone.media import seal
from telegraphone.media.errors import DamagedSegment, WrongKey
from telegraphone.media.header import JOURNAL_CODEC
from telegraphone.media.seal import JournalSealer, Sealer, commitment
from telegraphone.media.unseal import Unsealer
from tests.unit.media.recording_maker import Maker

DEK = bytes(range(32))


def sealer(**numbers: int) -> Sealer:
    return Sealer(Maker().header("PCMU", "0011223344556677", DEK, **numbers), DEK)


def unsealer(of: Sealer) -> Unsealer:
    return Unsealer(of.header, of.header_bytes, DEK)


def test_segments_open_in_their_place_only() -> None:
    source = sealer()
    pcm = [bytes([n]) * 160 for n in range(3)]
    sealed = [source.seal(memoryview(part)) for part in pcm]
    closing = source.close(b"end")
    assert [len(part) for part in sealed] == [176] * 3
    assert len(closing) == 19
    reader = unsealer(source)
    assert [reader.unseal(i, part) for i, part in enumerate(sealed)] == pcm
    assert reader.unseal(3, closing, closing=True) == b"end"
    for i, closes in ((1, False), (0, True)):
        with pytest.raises(DamagedSegment):
            reader.unseal(i, sealed[0], closing=closes)
    with pytest.raises(DamagedSegment):
        reader.unseal(3, closing)


def test_a_unit_of_another_file_does_not_open_even_under_the_same_key() -> None:
    first, second = sealer(stream=0), sealer(stream=1)
    with pytest.raises(DamagedSegment):
        unsealer(second).unseal(0, first.seal(bytes(160)))


def test_every_flipped_bit_shows() -> None:
    source = sealer()
    sealed, reader = source.seal(bytes(160)), unsealer(source)
    for place in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[place] ^= 1 << bit
            with pytest.raises(DamagedSegment):
                reader.unseal(0, bytes(changed))


def test_an_ended_epoch_seals_nothing_more() -> None:
    closed, dropped = sealer(), sealer()
    closed.close(b"")
    dropped.drop()
    for source in (closed, dropped):
        with pytest.raises(ValueError, match="ended"):
            source.seal(bytes(160))
        with pytest.raises(ValueError, match="ended"):
            source.close(b"")


@pytest.mark.parametrize("length", [0, 159, 161, 320])
def test_a_segment_has_one_length(length: int) -> None:
    source = sealer()
    with pytest.raises(ValueError, match="no segment"):
        source.seal(bytes(length))
    assert source.count == 0


def test_the_closing_segment_is_always_shorter() -> None:
    with pytest.raises(ValueError, match="close"):
        sealer().close(bytes(160))


def test_a_header_commits_to_one_key() -> None:
    header = Maker().header("PCMU", "0011223344556677", DEK)
    with pytest.raises(ValueError, match="another data key"):
        Sealer(header, bytes(32))
    with pytest.raises(WrongKey):
        Unsealer(header, header.to_bytes(), bytes(32))
    assert commitment(DEK) != commitment(bytes(32))


def test_audio_and_journals_are_not_confused() -> None:
    maker = Maker()
    with pytest.raises(ValueError, match="journal"):
        Sealer(maker.header(JOURNAL_CODEC, "0011223344556677", DEK), DEK)
    with pytest.raises(ValueError, match="audio"):
        JournalSealer(maker.header("PCMU", "0011223344556677", DEK), DEK)


def test_a_journal_record_has_a_bound_and_an_end() -> None:
    journal = JournalSealer(Maker().header(JOURNAL_CODEC, "0011223344556677", DEK), DEK)
    for record in (b"", bytes(4097)):
        with pytest.raises(ValueError, match="journal record"):
            journal.seal(record)
    journal.drop()
    with pytest.raises(ValueError, match="ended"):
        journal.seal(b"{}")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.sampled_from(["seal", "wrong length", "close", "drop"]), max_size=30), max_size=6))
def test_no_nonce_is_used_twice_whatever_a_writer_does(lives: list[list[str]]) -> None:
    used: list[tuple[bytes, bytes]] = []
    maker = Maker()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seal, "AESGCM", lambda key: Witness(key, used))
        for epoch, life in enumerate(lives):
            dek_id, dek = maker.new_key()
            source = Sealer(maker.header("PCMU", dek_id, dek, epoch=epoch), dek)
            for deed in life:
                try:
                    match deed:
                        case "seal":
                            source.seal(bytes(160))
                        case "wrong length":
                            source.seal(b"")
                        case "close":
                            source.close(b"")
                        case "drop":
                            source.drop()
                except ValueError:
                    continue
    assert len(used) == len(set(used))


class Witness:
    """A cipher that notes each key and nonce it is used with, and fails now and then after it was used."""

    def __init__(self, key: bytes, used: list[tuple[bytes, bytes]]) -> None:
        self._key, self._used, self._cipher = key, used, AESGCM(key)

    def encrypt(self, nonce: bytes, data: bytes, aad: bytes) -> bytes:
        self._used.append((self._key, nonce))
        if len(self._used) % 5 == 0:
            raise ValueError("failed after the nonce was used")
        return self._cipher.encrypt(nonce, data, aad)


def test_sealed_segments_are_made_in_one_module_only() -> None:
    product = Path(seal.__file__).parents[1]
    makers = {path.name for path in product.rglob("*.py") if re.search(r"\bSealedSegment\(", path.read_text())}
    assert makers == {"seal.py"}
