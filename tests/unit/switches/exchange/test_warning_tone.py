"""The warning tone in what a party hears: all of the tone, and all of the words."""

import numpy as np
import pytest
from numpy.typing import NDArray

from telegraphone.media.g711 import a_to_linear, linear_to_a, linear_to_mu, mu_to_linear
from telegraphone.media.mixing import SILENCE, Law
from telegraphone.switches.exchange.warning_tone import TONE_SAMPLES, with_tone

ENCODE = {"PCMU": linear_to_mu, "PCMA": linear_to_a}
DECODE = {"PCMU": mu_to_linear, "PCMA": a_to_linear}
LAWS: tuple[Law, ...] = ("PCMU", "PCMA")


def linear(codes: bytes, law: Law) -> NDArray[np.float64]:
    return np.frombuffer(DECODE[law](codes), "<i2").astype(np.float64)


def strength(samples: NDArray[np.float64], hertz: float) -> float:
    """The amplitude of a pitch."""
    return float(2 * abs(np.mean(samples * np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / 8_000))))


def piecewise(audio: bytes, law: Law, step: int) -> bytes:
    return b"".join(with_tone(audio[at : at + step], law, at) for at in range(0, len(audio), step))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("step", [80, 160, 240])
def test_it_is_heard_besides_the_words(law: Law, step: int) -> None:
    said = (6_000 * np.sin(2 * np.pi * 600 * np.arange(TONE_SAMPLES) / 8_000)).astype("<i2").tobytes()
    heard = linear(piecewise(ENCODE[law](said), law, step), law)
    assert abs(strength(heard, 600) - 6_000) < 100
    assert 2_000 < strength(heard, 1_400) < 2_700
    assert strength(heard, 1_900) < 100


@pytest.mark.parametrize("law", LAWS)
def test_it_has_an_end_and_no_clicks(law: Law) -> None:
    silence = SILENCE[law] * TONE_SAMPLES
    heard = linear(piecewise(silence + SILENCE[law] * 160, law, 160), law)
    assert np.abs(heard[-150:]).max() < 20
    assert np.abs(heard[:8]).max() < 400
    assert with_tone(SILENCE[law] * 160, law, TONE_SAMPLES) == SILENCE[law] * 160


@pytest.mark.parametrize("law", LAWS)
def test_the_loudest_stays_the_loudest(law: Law) -> None:
    loud = ENCODE[law](np.full(TONE_SAMPLES, 32_000, "<i2").tobytes())
    heard = linear(piecewise(loud, law, 160), law)
    assert heard.min() > 20_000
