"""An hour with a sender whose crystal is off: the track stays where our clock says, and the journal says how fast theirs runs.

REC-2, F18: left and right of a call are each within 10 ms of our clock, so within 20 ms of each other.
"""

import pytest

from telegraphone.wire.rtp.packet import RtpPacket
from tests.seeds import chance
from tests.unit.media.intake import FRAME, Intake, voice

PACKETS_AN_HOUR = 180_000
VOICE = voice(0)


@pytest.mark.parametrize("ppm", [-200, -50, 0, 50, 200])
def test_a_skewed_sender_stays_within_ten_milliseconds_for_an_hour(ppm: int) -> None:
    intake = Intake()
    noise = chance(ppm)
    worst = 0.0
    for first in range(0, PACKETS_AN_HOUR, 5):
        batch = [RtpPacket(0, n & 0xFFFF, n * FRAME, 7, VOICE) for n in range(first, first + 5)]
        complete_ms = [20.0 * (n + 1) * (1 + ppm * 1e-6) for n in range(first, first + 5)]
        arrivals = [intake.at(ms + noise.uniform(0, 15)) for ms in complete_ms]
        headers = b"".join(each.to_bytes()[:12] for each in batch)
        audio = memoryview(b"".join(each.payload for each in batch))
        if not intake.pipeline.receive_run(headers, audio, arrivals[0], arrivals[-1]):
            for each, received_ns in zip(batch, arrivals, strict=True):
                intake.pipeline.receive(each, received_ns)
            intake.pipeline.drained(intake.at(complete_ms[-1] + 16))
        intake.pipeline.track.output.clear()
        if first % 250 == 245:
            intake.pipeline.correct(intake.at(complete_ms[-1]))
            worst = max(worst, abs(intake.pipeline.track.head * 0.125 - complete_ms[-1]))
    assert worst <= 10
    assert not ppm or abs(intake.drifts()[-1] + ppm) < 10
    assert ppm or not intake.drifts()
