"""Linear sound: 16 bits a sample, little-endian wherever it is bytes, whatever the machine."""

import sys
from array import array


def samples_of(linear: bytes) -> "array[int]":
    """The samples of such bytes."""
    samples = array("h", linear)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def linear_of(samples: "array[int]") -> bytes:
    """The bytes of these samples, which stay as they are."""
    if sys.byteorder == "big":
        samples = samples[:]
        samples.byteswap()
    return samples.tobytes()
