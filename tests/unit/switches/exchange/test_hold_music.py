"""The music on hold: the same in both laws, quiet, never silent for long, without a seam."""

import numpy as np
from numpy.typing import NDArray

from telegraphone.media.g711 import a_to_linear, mu_to_linear
from telegraphone.switches.exchange.hold_music import hold_music


def linear(codes: bytes, law: str = "PCMU") -> NDArray[np.float64]:
    return np.frombuffer(mu_to_linear(codes) if law == "PCMU" else a_to_linear(codes), "<i2").astype(np.float64)


def test_it_is_made_of_whole_frames_and_lasts_long_enough_not_to_annoy() -> None:
    for frames in hold_music().values():
        assert {len(frame) for frame in frames} == {160}
        assert len(frames) > 10 / 0.02


def test_both_laws_play_the_same() -> None:
    mu, a = (b"".join(hold_music()[law]) for law in ("PCMU", "PCMA"))
    difference = linear(mu) - linear(a, "PCMA")
    assert np.std(difference) < np.std(linear(mu)) / 30


def test_it_is_quiet_and_goes_on() -> None:
    sound = linear(b"".join(hold_music()["PCMU"]))
    assert np.abs(sound).max() < 32_768 / 8
    loudness = [np.sqrt(np.mean(sound[at : at + 2_800] ** 2)) for at in range(0, len(sound), 2_800)]
    assert min(loudness) > 300


def test_it_comes_round_without_a_click() -> None:
    sound = linear(b"".join(hold_music()["PCMU"]))
    steps = np.abs(np.diff(np.concatenate([sound, sound[:160]])))
    assert steps[-161:].max() <= np.quantile(steps, 0.999)
