"""A phone's ear and mouth: sends one RTP packet every 20 ms, keeps what comes with the time of its coming."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from telegraphone.endpoints.media_ports import open_any_pair
from telegraphone.limits import MEDIA_DATAGRAM_BYTES_MAX, MEDIA_PACKETS_PER_TURN, PHONE_FRAMES_HEARD_MAX
from telegraphone.phone.voices import FRAME_S, FRAME_SAMPLES, Voice
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.rtp.dtmf import KEYS, TelephoneEvent
from telegraphone.wire.rtp.packet import RtpPacket, read_packet

_LATE_FRAMES_MAX: Final = 10
"""Frames sent in a row to catch up; a phone that slept longer leaves them out, as its user was not heard either."""

_KEY_FRAMES: Final = 6
_KEY_ENDS: Final = 3
"""How long a key is pressed (120 ms), and how often its end is said (RFC 4733 section 2.5.1.4)."""


@dataclass(frozen=True, slots=True)
class HeardFrame:
    """One packet as it came, at the loop's time `at` (monotonic seconds)."""

    at: float
    packet: RtpPacket


@dataclass(frozen=True, slots=True)
class _Press:
    """One packet of a key: told `after` so many samples since it went down."""

    code: int
    duration_samples: int
    end: bool
    first: bool


class PhoneAudio:
    """One call's RTP. It speaks while it has somewhere to speak to; `heard` keeps the newest hour."""

    def __init__(self, host: str, voice: Voice, entropy: Callable[[int], bytes]) -> None:
        self._loop = asyncio.get_running_loop()
        self._rtp, self._rtcp = open_any_pair(host)
        self.host = host
        self.port: int = self._rtp.getsockname()[1]
        self.heard: deque[HeardFrame] = deque(maxlen=PHONE_FRAMES_HEARD_MAX)
        self._voice = voice
        self._ssrc = int.from_bytes(entropy(4), "big")
        self._first_timestamp = int.from_bytes(entropy(4), "big")
        self._sequence = int.from_bytes(entropy(2), "big")
        self._to: tuple[str, int] | None = None
        self._payload_type = 0
        self._table: bytes | None = None
        self._event_type: int | None = None
        self._presses: deque[_Press] = deque()
        self._press_timestamp = 0
        self._began: float | None = None
        self._frame = 0
        self._marker = True
        self._timer: asyncio.TimerHandle | None = None
        self._buffer = bytearray(MEDIA_DATAGRAM_BYTES_MAX)
        self._loop.add_reader(self._rtp, self._receive)
        self._loop.add_reader(self._rtcp, self._discard_reports)

    def speak_to(self, to: tuple[str, int] | None, payload_type: int, table: bytes | None, event_type: int | None) -> None:
        """Where to send, or None to be silent; by which payload types, and through which byte table."""
        if self._to is None:
            self._marker = True
        self._to, self._payload_type, self._table, self._event_type = to, payload_type, table, event_type
        if to is not None and self._began is None:
            self._began = self._loop.time()
            self._tick()

    def press(self, key: str) -> None:
        """Sends one key of `0-9 * # A-D` after those before it. Raises ValueError for any other, or when keys cannot be sent."""
        if self._event_type is None or len(key) != 1 or key not in KEYS:
            raise ValueError("this key cannot be sent")
        code = KEYS.index(key)
        for each in range(_KEY_FRAMES + _KEY_ENDS):
            duration = min(each + 1, _KEY_FRAMES) * FRAME_SAMPLES
            self._presses.append(_Press(code, duration, each >= _KEY_FRAMES, each == 0))

    def close(self) -> None:
        """Gives the sockets back."""
        if self._timer is not None:
            self._timer.cancel()
        for each in (self._rtp, self._rtcp):
            self._loop.remove_reader(each)
            each.close()

    def _tick(self) -> None:
        """Sends what is due. The next time is counted from the beginning, so that no delay ever adds up."""
        assert self._began is not None
        due = int((self._loop.time() - self._began) / FRAME_S) + 1
        self._frame = max(self._frame, due - _LATE_FRAMES_MAX)
        while self._frame < due:
            self._send_frame(self._frame)
            self._frame += 1
        self._timer = self._loop.call_at(self._began + self._frame * FRAME_S, self._tick)

    def _send_frame(self, number: int) -> None:
        if self._to is None:
            return
        timestamp = (self._first_timestamp + number * FRAME_SAMPLES) & 0xFFFFFFFF
        if self._presses and self._event_type is not None:
            self._send_press(self._presses.popleft(), self._event_type, timestamp)
            return
        payload = self._voice(number)
        if self._table is not None:
            payload = payload.translate(self._table)
        self._send(self._payload_type, timestamp, payload, marker=self._marker)
        self._marker = False

    def _send_press(self, press: _Press, event_type: int, timestamp: int) -> None:
        if press.first:
            # All packets of one key carry the time at which it went down (RFC 4733 section 2.2).
            self._press_timestamp = timestamp
        event = TelephoneEvent(press.code, press.duration_samples, end=press.end)
        self._send(event_type, self._press_timestamp, event.to_bytes(), marker=press.first)

    def _send(self, payload_type: int, timestamp: int, payload: bytes, *, marker: bool) -> None:
        assert self._to is not None
        packet = RtpPacket(payload_type, self._sequence, timestamp, self._ssrc, payload, marker)
        self._sequence = (self._sequence + 1) & 0xFFFF
        try:
            self._rtp.sendto(packet.to_bytes(), self._to)
        except OSError:
            # Nobody there at this moment, or the buffer is full: a packet is lost, as packets are.
            return

    def _receive(self) -> None:
        for _ in range(MEDIA_PACKETS_PER_TURN):
            try:
                length = self._rtp.recv_into(self._buffer)
                self.heard.append(HeardFrame(self._loop.time(), read_packet(memoryview(self._buffer)[:length])))
            except BlockingIOError:
                return
            except (OSError, RemoteProtocolError):
                continue

    def _discard_reports(self) -> None:
        for _ in range(MEDIA_PACKETS_PER_TURN):
            try:
                self._rtcp.recv_into(self._buffer)
            except BlockingIOError:
                return
            except OSError:
                continue
