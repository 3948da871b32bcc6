"""The WAV header, read by the standard library's reader."""

import io
import wave

import pytest

from telegraphone.media import wav


def test_the_standard_reader_understands_it() -> None:
    with wave.open(io.BytesIO(wav.header(3, 2, 8000) + bytes(12))) as sound:
        assert sound.getparams()[:4] == (2, 2, 8000, 3)
        assert sound.readframes(9) == bytes(12)


def test_the_size_is_header_and_frames() -> None:
    assert wav.size(0, 2) == len(wav.header(0, 2, 8000)) == 44
    assert wav.size(8000, 2) == 44 + 32_000


def test_more_than_four_gibibytes_do_not_fit() -> None:
    assert wav.size((1 << 30) - 12, 2) < 1 << 32
    with pytest.raises(wav.TooLongForWav):
        wav.header((1 << 30) - 11, 2, 8000)
