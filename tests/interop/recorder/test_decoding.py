"""Codecs other than G.711 come out as linear sound of the same length, at the same place, of the same pitch."""

from itertools import pairwise

import av
import numpy as np
import pytest

from telegraphone.capture.codings import CODINGS
from telegraphone.capture.decoding import Decoder
from telegraphone.wire.rtp.packet import RtpPacket
from tests.interop.spoken import RATE, hertz

PITCH = 600
SECONDS = 2


def coded(codec: str) -> list[bytes]:
    """Two seconds of a tone, in packets of 20 ms."""
    coding = CODINGS[codec]
    encoder = av.CodecContext.create(coding.decoder, "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = coding.rate_hz, "mono", "s16"
    samples = coding.rate_hz // 50
    tone = (8_000 * np.sin(2 * np.pi * PITCH * np.arange(SECONDS * coding.rate_hz) / coding.rate_hz)).astype("<i2")
    packets = []
    for start in range(0, len(tone), samples):
        frame = av.AudioFrame.from_ndarray(tone[None, start : start + samples], format="s16", layout="mono")
        frame.sample_rate = coding.rate_hz
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


@pytest.mark.parametrize("codec", ["G722", "opus"])
def test_a_tone_keeps_its_pitch_and_its_length(codec: str) -> None:
    decoder, packets = Decoder(codec), coded(codec)
    step = CODINGS[codec].clock_hz // 50
    made = [
        decoder.decoded(RtpPacket(9, n, (1 << 32) - 5 * step + n * step & 0xFFFFFFFF, 1, data)) for n, data in enumerate(packets)
    ]
    assert {len(packet.payload) for packet in made} == {320}
    assert {(after.timestamp - before.timestamp) & 0xFFFFFFFF for before, after in pairwise(made)} == {160}
    sound = np.frombuffer(b"".join(packet.payload for packet in made), "<i2").astype(np.float64)
    assert abs(hertz(sound[RATE // 2 :]) - PITCH) < 5


def test_g729_has_a_decoder_and_rubbish_is_a_gap() -> None:
    decoder = Decoder("G729")
    assert len(decoder.decoded(RtpPacket(18, 1, 160, 1, bytes(20))).payload) == 320
    assert decoder.decoded(RtpPacket(18, 2, 320, 1, b"\x01")).payload == b""
    assert decoder.decoded(RtpPacket(18, 3, 480, 1, b"")).payload == b""
