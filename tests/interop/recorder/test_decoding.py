"""Codecs other than G.711 come out as linear sound of the same length, at the same place, of the same pitch."""

from itertools import pairwise

import av
import numpy as np
import pytest

from telegraphone.capture.codings import CODINGS
from telegraphone.capture.decoding import Decoder
from telegraphone.media.source import COMFORT_NOISE_TYPE
from telegraphone.wire.rtp.packet import RtpPacket
from tests.interop.spoken import RATE, hertz
from tests.seeds import chance

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


def g729_frames(count: int) -> list[bytes]:
    """So many frames of 10 ms that sound like nothing, the same for a seed: no encoder is at hand, and any bits are a frame."""
    luck = chance("G.729")
    return [luck.randbytes(10) for _ in range(count)]


def g729_sound(frames: list[bytes]) -> bytes:
    """What FFmpeg's decoder makes of these frames, one by one."""
    decoder = av.CodecContext.create("g729", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = RATE, "mono"
    sound = [frame.to_ndarray().astype("<i2").tobytes() for each in frames for frame in decoder.decode(av.Packet(each))]
    assert {len(each) for each in sound} == {160}
    return b"".join(sound)


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


@pytest.mark.parametrize("together", [1, 2, 6])
def test_g729_is_what_its_frames_are_bit_by_bit(together: int) -> None:
    decoder, frames = Decoder("G729"), g729_frames(60)
    packets = [b"".join(frames[first : first + together]) for first in range(0, len(frames), together)]
    made = [decoder.decoded(RtpPacket(18, n, 80 * together * n, 1, data)) for n, data in enumerate(packets)]
    sound, whole = b"".join(packet.payload for packet in made), g729_sound(frames)
    late = len(whole) - len(sound.lstrip(b"\0")) - len(whole) + len(whole.lstrip(b"\0"))
    assert len(sound) == len(whole)
    assert 0 <= late < 2 * RATE // 100
    assert sound[late:] == whole[: len(whole) - late]


def test_g729_that_falls_silent_is_comfort_noise_and_no_loss() -> None:
    decoder, (speech, *_) = Decoder("G729"), g729_frames(1)
    last = decoder.decoded(RtpPacket(18, 1, 160, 1, speech + b"\x12\x34"))
    assert (last.payload_type, len(last.payload)) == (18, 160)
    assert decoder.decoded(RtpPacket(18, 2, 320, 1, b"\x12\x34")).payload_type == COMFORT_NOISE_TYPE


def test_rubbish_is_a_gap() -> None:
    decoder = Decoder("G729")
    assert decoder.decoded(RtpPacket(18, 2, 320, 1, b"\x01")).payload == b""
    assert decoder.decoded(RtpPacket(18, 3, 480, 1, b"")).payload == b""
