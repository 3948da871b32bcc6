"""Samples to bytes and back."""

import sys
from array import array

import pytest

from telegraphone.media.linear import linear_of, samples_of

LINEAR = b"\x01\x00\xfe\xff\x34\x12"
SAMPLES = array("h", [1, -2, 0x1234])


def test_the_low_byte_comes_first() -> None:
    assert samples_of(LINEAR) == SAMPLES
    assert linear_of(SAMPLES) == LINEAR


def test_samples_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for byteorder in ("little", "big"):
        monkeypatch.setattr(sys, "byteorder", byteorder)
        samples = SAMPLES[:]
        assert samples_of(linear_of(samples)) == samples == SAMPLES
