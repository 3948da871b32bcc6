"""Voices whose every second can be told apart, and where they are found in a recording.

Each second of a voice begins with a chirp of 100 ms, for its place to the sample: the agent's rises, the caller's falls.
The rest of the second is one tone, whose pitch says whose voice it is and which second.
"""

import io
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 8_000
SECONDS: Final = 40
CHIRP: Final = 800
FRAME: Final = 160
FRAME_S: Final = FRAME / RATE
_AMPLITUDE: Final = 9_000
_LIKENESS: Final = 0.9
"""What a chirp has in common with itself after G.711, and with nothing else."""
_PURE: Final = 0.8
"""Which share of a stretch a pitch has that is alone in it."""
_RUN_FRAMES: Final = 50

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Voice:
    """A party's voice: which way its chirps go and the pitch of its first tone; each further second is 60 Hz higher."""

    rising: bool
    first_hz: int

    def tone_hz(self, second: int) -> int:
        return self.first_hz + 60 * second

    def chirp(self) -> Samples:
        at = np.arange(CHIRP) / RATE
        length = CHIRP / RATE
        sweep = np.sin(2 * np.pi * (400 * at + (3_000 - 400) / length * at**2 / 2))
        return sweep if self.rising else sweep[::-1]

    def write(self, path: Path) -> Path:
        """The voice as a WAV file."""
        at = np.arange(RATE - CHIRP) / RATE
        seconds = [[self.chirp(), np.sin(2 * np.pi * self.tone_hz(each) * at)] for each in range(SECONDS)]
        pcm = (_AMPLITUDE * np.concatenate([part for second in seconds for part in second])).astype("<i2")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(pcm.tobytes())
        return path

    def found(self, track: Samples) -> list[int]:
        """Where this voice's chirps begin on a track."""
        chirp = self.chirp() / np.linalg.norm(self.chirp())
        energy = np.convolve(track**2, np.ones(CHIRP), "valid")
        likeness = np.correlate(track, chirp, "valid") / np.sqrt(np.maximum(energy, 1.0))
        places = []
        while likeness.max() > _LIKENESS:
            place = int(likeness.argmax())
            places.append(place)
            likeness[max(0, place - CHIRP) : place + CHIRP] = 0
        return sorted(places)

    def says(self, second: int, track: Samples) -> bool:
        """Whether the chirp with which the track begins is followed by the tone of this second."""
        return abs(hertz(track[CHIRP:RATE]) - self.tone_hz(second)) < 2

    def seconds_told(self, track: Samples) -> list[int]:
        """The seconds of which a tenth at least can be told by its pitch, however a phone has stretched or cut the rest."""
        windows = track[: len(track) // CHIRP * CHIRP].reshape(-1, CHIRP)
        pitches = [self.tone_hz(each) for each in range(SECONDS)]
        strengths = np.abs(windows @ np.exp(-2j * np.pi * np.outer(np.arange(CHIRP), pitches) / RATE)) ** 2 * 2 / CHIRP
        shares = strengths / np.maximum((windows**2).sum(axis=1, keepdims=True), CHIRP)
        return [each for each in range(SECONDS) if shares[:, each].max() > _PURE]


AGENT: Final = Voice(rising=True, first_hz=430)
CALLER: Final = Voice(rising=False, first_hz=460)


def hertz(track: Samples) -> float:
    """The strongest pitch of a stretch."""
    spectrum = np.abs(np.fft.rfft(track * np.hanning(len(track)), 8 * RATE))
    return float(spectrum.argmax()) / 8


def uttered(spoken: list[float], second: int, lag_s: float = 0.0) -> tuple[float, float]:
    """The wall clock when a second of a voice began, from when its frames left: not before and not after.

    A phone hands out a frame when it is complete, so what is in it began a frame before. A late timer of the phone is not
    speech that is late: of the frames around, the earliest counts. A phone that stood still for long leaves out what it did
    not say, of which its timestamps, and so the recording, know nothing: by these it is earlier, by the `lag_s` so far."""
    first = second * RATE // FRAME
    line = [at - (each - first) * FRAME_S - FRAME_S for each, at in enumerate(spoken)]
    latest = min(line[first : first + _RUN_FRAMES])
    return min(*line[max(0, first - _RUN_FRAMES) : first + _RUN_FRAMES], latest - lag_s), latest


def tracks(wav: bytes) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Left and right of a stereo WAV."""
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 2, 2)
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    return frames[:, 0], frames[:, 1]


def heard(path: Path) -> Samples:
    """What a phone wrote of what it heard; a phone that was ended in mid-call has not filled in the file's length."""
    return np.frombuffer(path.read_bytes()[44:], "<i2").astype(np.float64)
