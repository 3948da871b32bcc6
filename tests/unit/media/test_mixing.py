"""Sums of G.711 frames: right to the sample, saturated at the ends, in either law."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.media.g711 import A_VALUES, MU_VALUES, linear_to_a, linear_to_mu
from telegraphone.media.mixing import FRAME_SAMPLES, SILENCE, VOICES_MAX, Law, gathered, spread

VALUES: dict[Law, tuple[int, ...]] = {"PCMU": MU_VALUES, "PCMA": A_VALUES}
LAWS: tuple[Law, ...] = ("PCMU", "PCMA")
frames = st.binary(min_size=FRAME_SAMPLES, max_size=FRAME_SAMPLES)


def expected(said: list[tuple[bytes, Law]], law: Law) -> bytes:
    sums = (sum(VALUES[spoken][frame[at]] for frame, spoken in said) for at in range(FRAME_SAMPLES))
    linear = b"".join(max(-32_768, min(32_764, each)).to_bytes(2, "little", signed=True) for each in sums)
    return linear_to_mu(linear) if law == "PCMU" else linear_to_a(linear)


@given(st.lists(st.tuples(frames, st.sampled_from(LAWS)), min_size=1, max_size=5), st.sampled_from(LAWS))
def test_a_mix_is_the_sum(said: list[tuple[bytes, Law]], law: Law) -> None:
    assert gathered(sum(spread(*each) for each in said), len(said), law) == expected(said, law)


@pytest.mark.parametrize("law", LAWS)
def test_too_loud_saturates(law: Law) -> None:
    loudest, lowest = (bytes([VALUES[law].index(end(VALUES[law]))]) * FRAME_SAMPLES for end in (max, min))
    for frame in (loudest, lowest):
        for voices in (2, VOICES_MAX):
            assert gathered(voices * spread(frame, law), voices, law) == frame


@pytest.mark.parametrize("law", LAWS)
def test_one_voice_and_silence_is_that_voice(law: Law) -> None:
    said = bytes(range(FRAME_SAMPLES))
    mixed = gathered(spread(said, "PCMU") + spread(SILENCE["PCMU"] * FRAME_SAMPLES, "PCMU"), 2, law)
    assert mixed == expected([(said, "PCMU")], law)
