"""Sends what nobody sends by themselves: music, mixes, keypad digits, signals and announcements, one frame every 20 ms to each
phone that hears any.

It ticks only while there is such a phone. The next tick is counted from the first, so that no delay adds up; ticks missed
by a busy loop are made up in one go, within a bound, because a phone's own buffer can still use them.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from telegraphone.media.mixing import FRAME_SAMPLES, SILENCE, Law
from telegraphone.switches.exchange.hold_music import hold_music, ring_tone
from telegraphone.switches.exchange.keys import KeyPad
from telegraphone.switches.exchange.media_port import HeardCopy, MediaPort
from telegraphone.switches.exchange.mixer import Voices
from telegraphone.switches.exchange.payloads import STATIC_TYPES, TELEPHONE_EVENT, Payloads
from telegraphone.switches.exchange.stream import OutStream

_FRAME_S: Final = 0.02
_LATE_FRAMES_MAX: Final = 5


class Metronome:
    """Everybody who is sent something of our making. `send` gives a packet to a port's party, `copy` to where what it hears
    is copied; `played` is told when a port's last key, signal or announcement is over."""

    def __init__(
        self,
        send: Callable[[MediaPort, bytes], None],
        copy: Callable[[HeardCopy, bytes], None],
        played: Callable[[MediaPort], None],
    ) -> None:
        self._send = send
        self._copy = copy
        self._played = played
        self._ports: dict[MediaPort, None] = {}
        self._began = 0.0
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, port: MediaPort, *, on: bool) -> None:
        """Puts the port in, or takes it out."""
        if not on:
            self._ports.pop(port, None)
            return
        self._ports[port] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._began, self._number = loop.time(), 0
            self._timer = loop.call_at(self._began, self._tick)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        due = int((loop.time() - self._began) / _FRAME_S) + 1
        self._number = max(self._number, due - _LATE_FRAMES_MAX)
        first, self._number = self._number, due
        # Before anything is played: what goes wrong with one frame must not stop the clock for everybody.
        self._timer = loop.call_at(self._began + due * _FRAME_S, self._tick) if self._ports else None
        for number in range(first, due):
            self._play(self._began + number * _FRAME_S)

    def _play(self, at: float) -> None:
        voices = Voices({source for port in self._ports if port.mixed for source in port.hears})
        for port in tuple(self._ports):
            stream, party = port.stream, port.party
            if stream is None or party is None:
                continue
            pressed = port.keys is not None and self._play_key(port, port.keys, stream, at)
            law = party.payloads.law
            ours = self._signal(port) or (None if pressed else self._announced(port, law))
            payload = ours or _heard(port, voices, party.payloads)
            if payload is not None and not pressed:
                payload = payload if ours else port.toned(payload, law)
                self._send(port, stream.made(party.payloads.to_party.get(law, STATIC_TYPES[law]), payload, at))
            if port.copy is not None and port.mixed:
                self._play_copy(port, port.copy, voices, at)

    def _signal(self, port: MediaPort) -> bytes | None:
        """The next 20 ms of a signal."""
        if not port.signal:
            return None
        frame = port.signal.popleft()
        if not port.signal:
            self._played(port)
        return frame

    def _announced(self, port: MediaPort, law: Law) -> bytes | None:
        """The next 20 ms of an announcement. A phone behind address translation is not reached before it has been heard."""
        playing = port.announcement
        if playing is None:
            return None
        if port.latching:
            return SILENCE[law] * FRAME_SAMPLES
        frame = playing.take(law)
        if playing.ended:
            self._played(port)
        return frame

    def _play_key(self, port: MediaPort, keys: KeyPad, stream: OutStream, at: float) -> bool:
        """The next step of the keys; whether it takes the place of audio."""
        if keys.idle:
            self._played(port)
            return False
        report = keys.step()
        if report is None:
            return False
        if report.first:
            keys.timestamp = stream.due(at)
        assert port.party is not None
        payload_type = port.party.payloads.to_party[TELEPHONE_EVENT]
        self._send(port, stream.key(payload_type, report.event.to_bytes(), keys.timestamp, marker=report.first))
        return True

    def _play_copy(self, port: MediaPort, copy: HeardCopy, voices: Voices, at: float) -> None:
        assert port.party is not None
        law = port.party.payloads.law
        parties = [each for each in port.hears if each not in port.coaches]
        self._copy(copy, copy.stream.made(STATIC_TYPES[law], voices.together(parties, law), at))


def _heard(port: MediaPort, voices: Voices, payloads: Payloads) -> bytes | None:
    """The next 20 ms of our making for the port's party; None when it hears one other, whose packets pass by themselves."""
    if port.mixed:
        return voices.together(port.hears, payloads.law)
    if port.hears or not (port.music or port.ring_tone):
        return None
    frames = (ring_tone() if port.ring_tone else hold_music())[payloads.law]
    port.background_frame = (port.background_frame + 1) % len(frames)
    return frames[port.background_frame]
