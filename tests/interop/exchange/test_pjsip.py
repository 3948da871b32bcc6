"""Two phones of the PJSIP library through the exchange: what each hears, hold, and a call that is not answered."""

import math
import struct
import wave
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from telegraphone.domain.legs import EndCause, LegEnded, LegHeld, LegRetrieved
from tests.interop.exchange.router import Router
from tests.interop.phones import pjsip_phone
from tests.interop.system import System

RATE = 8_000
TONES = {"5000": 440.0, "5001": 1_000.0, "5002": 1_600.0}
SECONDS = 20


class Place:
    """As much of a system as a phone needs to know."""

    def __init__(self, folder: Path, sip_port: int) -> None:
        self.folder = folder
        self.sip_port = sip_port


def tone(folder: Path, number: str) -> Path:
    path = folder / f"tone-{number}.wav"
    step = 2 * math.pi * TONES[number] / RATE
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(struct.pack("<h", int(8_000 * math.sin(step * at))) for at in range(RATE * SECONDS)))
    return path


def strengths(path: Path) -> dict[float, float]:
    """How strong each tone is in the purest of the loud seconds of what was heard, against all there is in it.

    The purest: a phone on a busy machine mends its own lateness audibly, and that is not what is asked here.
    """
    data = path.read_bytes()
    samples = np.frombuffer(data[44 : len(data) // 2 * 2], "<i2").astype(float)
    seconds = [samples[at : at + RATE] for at in range(0, len(samples) - RATE + 1, RATE // 4)]
    loudest = max(float(np.sum(each**2)) for each in seconds)
    spectra = [np.abs(np.fft.rfft(each * np.hanning(RATE))) ** 2 for each in seconds if float(np.sum(each**2)) > loudest / 2]
    shares = [{hz: float(np.sum(each[int(hz) - 3 : int(hz) + 4]) / np.sum(each)) for hz in TONES.values()} for each in spectra]
    return max(shares, key=lambda each: sum(each.values()))


@pytest.mark.parametrize("codecs", [("PCMU", "PCMU"), ("PCMU", "PCMA")])
async def test_each_hears_the_other(router: Router, tmp_path: Path, codecs: tuple[str, str]) -> None:
    system = cast("System", Place(tmp_path, router.exchange.port))
    async with (
        pjsip_phone(system, "5000", tone(tmp_path, "5000"), codecs=[codecs[0]]) as caller,
        pjsip_phone(system, "5001", tone(tmp_path, "5001"), codecs=[codecs[1]]) as called,
    ):
        caller.do("call", number="5001")
        await caller.reports("call", state="CONFIRMED")
        await called.reports("call", state="CONFIRMED")
        await caller.speaks(2)
        await called.hang_up()
        await caller.reports("call", state="DISCONNECTED")
    await router.idle()
    assert [each.cause for each in router.of(LegEnded)] == [EndCause.NORMAL] * 2
    for phone, own, other in ((caller, "5000", "5001"), (called, "5001", "5000")):
        heard = strengths(phone.heard)
        assert heard[TONES[other]] > 0.95
        assert heard[TONES[own]] < 0.001


async def test_hold_and_retrieve(router: Router, tmp_path: Path) -> None:
    system = cast("System", Place(tmp_path, router.exchange.port))
    async with (
        pjsip_phone(system, "5000", tone(tmp_path, "5000")) as caller,
        pjsip_phone(system, "5001", tone(tmp_path, "5001")) as called,
    ):
        caller.do("call", number="5001")
        await caller.reports("media", state="active")
        await called.reports("media", state="active")
        called.do("hold")
        await called.reports("media", state="held here")
        await router.until(lambda: len(router.of(LegHeld)) == 1)
        called.do("unhold")
        await called.reports("media", state="active", times=2)
        await router.until(lambda: len(router.of(LegRetrieved)) == 1)
        await caller.hang_up()
        await called.reports("call", state="DISCONNECTED")


async def test_nobody_answers(router: Router, tmp_path: Path) -> None:
    router.ring_s = 1.0
    system = cast("System", Place(tmp_path, router.exchange.port))
    async with (
        pjsip_phone(system, "5000", tone(tmp_path, "5000")) as caller,
        pjsip_phone(system, "5001", tone(tmp_path, "5001"), answers=False) as called,
    ):
        caller.do("call", number="5001")
        await called.reports("ringing")
        await caller.reports("call", state="DISCONNECTED", status=480)
        await called.reports("call", state="DISCONNECTED")
