"""Decodes what is not G.711 to 16-bit linear sound at the timeline's rate, one packet at a time, by FFmpeg's decoders.

A packet stands for a stretch of time, and keeps it: whatever the resampler holds back at first is made up for by a little
silence in front, so that n milliseconds in are n milliseconds out, at a constant delay of two. The RTP clock of a codec
need not be the timeline's (Opus counts at 48 kHz, always), so timestamps are counted anew.

Who sends G.729 falls silent by a frame of comfort noise of its own (annex B, RFC 3551 section 4.5.6), behind speech or alone.
No decoder here knows it: it is silence, as all comfort noise is.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import av
from av.audio.frame import AudioFrame

from telegraphone.capture.codings import CODINGS
from telegraphone.media.source import COMFORT_NOISE_TYPE
from telegraphone.media.timeline import RATE
from telegraphone.wire.rtp.packet import RtpPacket
from telegraphone.wire.rtp.serial import extend

_SAMPLE_BYTES: Final = 2
_HELD_BACK: Final = 32
"""Samples the resampler may keep at first: more than its filter is long at these rates."""
_SPEECH_BYTES: Final = 10
_NOISE_BYTES: Final = 2
"""The frames of G.729, of which the second kind may only come last."""


class Decoder:
    """One stream of one codec."""

    def __init__(self, codec: str) -> None:
        self._coding = CODINGS[codec]
        self.clock_hz = self._coding.clock_hz
        self._decoder = av.CodecContext.create(self._coding.decoder, "r")
        assert isinstance(self._decoder, av.AudioCodecContext)
        self._decoder.sample_rate = self._coding.rate_hz
        self._decoder.layout = "mono"
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        self._ready = bytearray(_SAMPLE_BYTES * _HELD_BACK)
        self._timestamp: int | None = None

    def decoded(self, packet: RtpPacket) -> RtpPacket:
        """The packet with linear sound; with none where nothing can be made of it, which is then a gap."""
        packet = replace(packet, timestamp=self._recounted(packet.timestamp))
        if not packet.payload:
            return packet
        speech = self._speech(packet.payload)
        if not speech:
            return replace(packet, payload_type=COMFORT_NOISE_TYPE)
        return replace(packet, payload=self._sound(speech))

    def _speech(self, payload: bytes) -> bytes:
        if self._coding is CODINGS["G729"] and len(payload) % _SPEECH_BYTES == _NOISE_BYTES:
            return payload[:-_NOISE_BYTES]
        return payload

    def _recounted(self, timestamp: int) -> int:
        whole = timestamp if self._timestamp is None else extend(self._timestamp, timestamp, 32)
        self._timestamp = whole
        return whole * RATE // self._coding.clock_hz & 0xFFFFFFFF

    def _sound(self, payload: bytes) -> bytes:
        assert isinstance(self._decoder, av.AudioCodecContext)
        try:
            frames = self._decoder.decode(av.Packet(payload))
            duration = sum(frame.samples * RATE // frame.sample_rate for frame in frames)
            self._ready += b"".join(_samples(self._resampled(frames)))
        except av.FFmpegError:
            return b""
        size = _SAMPLE_BYTES * duration
        sound = bytes(self._ready[:size]).ljust(size, b"\0")
        del self._ready[:size]
        return sound

    def _resampled(self, frames: list[AudioFrame]) -> Iterable[AudioFrame]:
        for frame in frames:
            # Each packet is decoded by itself, so none knows its place; the resampler is not to guess one.
            frame.pts = None
            yield from self._resampler.resample(frame)


def _samples(frames: Iterable[AudioFrame]) -> Iterable[bytes]:
    return (bytes(frame.planes[0])[: _SAMPLE_BYTES * frame.samples] for frame in frames)
