"""What the program and a recorder worker say to each other: one packet of a Unix socket is one message of JSON.

The socket keeps message borders (SOCK_SEQPACKET), so no message can be torn or run into the next; the UDP sockets of a
recording travel with the message that names it. Commands are answered once, in any order, by `Done` or `Refused` with
their number; the rest are facts. A command repeated after a worker was lost finds its effect in the journal and changes
nothing, so the program may repeat whatever was not answered.
"""

import socket
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from telegraphone.limits import CONTROL_MESSAGE_BYTES_MAX
from telegraphone.media.journal import TrackFact

SOCKETS: int = 4
"""UDP sockets of one recording: RTP and RTCP of track 0, then of track 1."""
SOCKETS_MAX: int = SOCKETS + 2
"""With a packet socket for each track, where this recorder may take packets of others."""


class Reports(msgspec.Struct, frozen=True):
    """Where a source is told how its packets arrive (RTCP): at its RTP address, from our RTP port, if `muxed` (RFC 5761).
    Where it encrypts we do, by a master key and salt of our own."""

    host: str
    port: int
    muxed: bool = False
    own_key: bytes = b""

    def __repr__(self) -> str:
        """Without the key: it must be in no log."""
        return f"Reports({self.host!r}, {self.port}, {self.muxed})"


class Source(msgspec.Struct, frozen=True):
    """Who may send to a track; codecs by payload type, as text because JSON has no other keys. With a `suite` it is
    encrypted (RFC 4568), by this master key and salt. With `arrives_at` it sends to that address of somebody else's. `steady`:
    it sends all the time, so that a pause in it is missing audio. Without a host it sends nothing now."""

    host: str
    port: int
    codecs: dict[str, str]
    ssrc: int | None = None
    suite: str = ""
    key: bytes = b""
    arrives_at: tuple[str, int] | None = None
    steady: bool = False
    reports: Reports | None = None

    def __repr__(self) -> str:
        """Without the key: it must be in no log."""
        return f"Source({self.host!r}, {self.port}, {self.codecs!r}, {self.ssrc!r}, {self.suite!r}, {self.arrives_at!r})"


class Order(msgspec.Struct, frozen=True):
    """A recording to be made. What comes up to `before_s` before its start is kept in memory until then, and what comes up to
    `consent_s` before the consent that it begins without. It begins at the monotonic instant `since_ns` where that is not 0,
    because it had to wait for its sockets: what was sent until then is missing."""

    recording: str
    call: str
    tenant: str
    tracks: tuple[TrackFact, TrackFact]
    before_s: float = 0.0
    consent_s: float = 0.0
    since_ns: int = 0


class Command(msgspec.Struct, frozen=True, tag=True):
    """A wish, numbered."""

    number: int


class Reserve(Command, frozen=True):
    """Take these sockets; gates shut. After a worker was lost the same recording comes with its sources and the reasons
    noted before its start, and goes on as its journal says."""

    order: Order
    sources: tuple[Source, Source] | None = None
    shut_for: tuple[str, ...] = ()
    again: bool = False


class Aim(Command, frozen=True):
    """Believe these sources."""

    recording: str
    sources: tuple[Source, Source]


class OpenGate(Command, frozen=True):
    """Start (no reason), or lift a reason."""

    recording: str
    reason: str | None
    note: dict[str, str]


class ShutGate(Command, frozen=True):
    """Add a reason. `cut_ns` is the monotonic instant since which the kernel cuts what arrives, see `RecorderClient`."""

    recording: str
    reason: str
    note: dict[str, str]
    cut_ns: int


class Missing(Command, frozen=True):
    """The source of a track has sent since this monotonic instant, and nothing of it has come."""

    recording: str
    track: int
    since_ns: int


class Seal(Command, frozen=True):
    """End the recording; `cut_ns` as in `ShutGate`, 0 when nothing was cut yet."""

    recording: str
    note: dict[str, str]
    cut_ns: int = 0


class Salvage(Command, frozen=True):
    """Finish what an earlier life left behind, and tell of these recordings too: finished, but nobody was left to hear."""

    awaited: tuple[str, ...] = ()


class Report(Command, frozen=True):
    """Say how it goes."""


class CutFact(msgspec.Struct, frozen=True):
    """Where a gate moved; from there on so many frames were kept in memory until then."""

    at: datetime
    position: int
    shut_for: tuple[str, ...]
    kept: int = 0


class SpanMade(msgspec.Struct, frozen=True):
    """A stretch of a finished recording without audio."""

    kind: Literal["paused", "held", "gap"]
    reason: str
    start: int
    stop: int
    stream: int | None = None


class SealedFact(msgspec.Struct, frozen=True):
    """A finished recording."""

    recording: str
    call: str
    started_at: datetime
    frames: int
    rate: int
    spans: tuple[SpanMade, ...]
    status: Literal["sealed", "recovered"]
    bytes_stored: int
    tenant: str


class Figures(msgspec.Struct, frozen=True):
    """Counters of a worker since its start."""

    recordings: int = 0
    received: int = 0
    foreign: int = 0
    late_or_double: int = 0
    withheld: int = 0
    breaches: int = 0
    lost_frames: int = 0
    dropped_segments: int = 0
    cpu_s: float = 0.0
    backlog_bytes: int = 0
    drain_ms_max: float = 0.0


class Done(msgspec.Struct, frozen=True, tag=True):
    """A command's effect is durable."""

    number: int


class CutDone(msgspec.Struct, frozen=True, tag=True):
    """A gate was moved."""

    number: int
    cut: CutFact


class SealDone(msgspec.Struct, frozen=True, tag=True):
    """A recording was finished."""

    number: int
    sealed: SealedFact


class FiguresDone(msgspec.Struct, frozen=True, tag=True):
    """How it goes."""

    number: int
    figures: Figures


class Refused(msgspec.Struct, frozen=True, tag=True):
    """A command has failed; what it would have changed is unknown, and no audio is kept because of it."""

    number: int
    reason: str


class Broken(msgspec.Struct, frozen=True, tag=True):
    """A recording broke off."""

    recording: str
    reason: str


class Restored(msgspec.Struct, frozen=True, tag=True):
    """A recording goes on in this worker."""

    recording: str
    shut_for: tuple[str, ...]
    started: bool
    lost_ms: int


class Salvaged(msgspec.Struct, frozen=True, tag=True):
    """A recording left behind by an earlier life is finished."""

    sealed: SealedFact


class Unkept(msgspec.Struct, frozen=True, tag=True):
    """Packets come for a track, and since this monotonic instant none is kept although they should be; None: they are again."""

    recording: str
    track: int
    since_ns: int | None


class GivenBack(msgspec.Struct, frozen=True, tag=True):
    """A recording that was to end has taken its last packets and has closed its sockets; its files are still being finished."""

    recording: str


class Alarm(msgspec.Struct, frozen=True, tag=True):
    """Something a person should look at."""

    text: str


AnyCommand = Reserve | Aim | OpenGate | ShutGate | Missing | Seal | Salvage | Report
AnyReply = Done | CutDone | SealDone | FiguresDone | Refused
AnyFact = Broken | Restored | Salvaged | Unkept | GivenBack | Alarm
Message = AnyCommand | AnyReply | AnyFact

_commands = msgspec.json.Decoder(AnyCommand)
_answers = msgspec.json.Decoder(AnyReply | AnyFact)


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a control link."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * CONTROL_MESSAGE_BYTES_MAX)
    return ours, theirs


def send(link: socket.socket, message: Message, descriptors: Sequence[int] = ()) -> None:
    """Sends one message. Raises BlockingIOError when the other end does not read, OSError when it is gone, ValueError for a
    message too long to be taken."""
    data = msgspec.json.encode(message)
    if len(data) > CONTROL_MESSAGE_BYTES_MAX:
        raise ValueError(f"a control message of {len(data)} bytes")
    socket.send_fds(link, [data], list(descriptors))


def receive_command(link: socket.socket) -> tuple[AnyCommand, list[int]] | None:
    """The next command and the descriptors that came with it; None when the program is gone. Raises BlockingIOError."""
    data, descriptors, _, _ = socket.recv_fds(link, CONTROL_MESSAGE_BYTES_MAX, SOCKETS_MAX)
    return (_commands.decode(data), descriptors) if data else None


def receive_answer(link: socket.socket) -> AnyReply | AnyFact | None:
    """The next reply or fact; None when the worker is gone. Raises BlockingIOError."""
    data = link.recv(CONTROL_MESSAGE_BYTES_MAX)
    return _answers.decode(data) if data else None
