"""What the exchange knows of one leg's media: its sockets, what its phone signalled, and who hears whom.

Who hears whom is one rule (`heard_by_rule`): a party hears those it is joined with and those who coach it; a supervisor
who listens in hears the monitored party and whom that one hears; nobody hears anything while the phone has put the call on
hold. Everything else in the relay (passing on, mixing, music) follows from it.
"""

import socket
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from telegraphone.endpoints.media_ports import SocketPair
from telegraphone.media.jitter import JitterBuffer
from telegraphone.media.mixing import Law
from telegraphone.services.ports import MediaAddress
from telegraphone.switches.exchange.announcement import Playing
from telegraphone.switches.exchange.keys import KeyPad
from telegraphone.switches.exchange.payloads import Payloads, Route
from telegraphone.switches.exchange.stream import OutStream
from telegraphone.switches.exchange.warning_tone import TONE_SAMPLES, with_tone

SocketAddress = tuple[str, int] | tuple[str, int, int, int]


@dataclass(frozen=True, slots=True)
class Party:
    """What a phone signalled about its media."""

    address: MediaAddress
    payloads: Payloads
    rtcp_port: int
    sends: bool = True
    """Whether it may send to us: false once it said recvonly or inactive."""
    receives: bool = True
    """Whether it wants to be sent anything: false while it holds the call."""
    latch_host: str | None = None
    """The host its signalling comes from, where the first packet from there may correct the address: for a phone behind
    address translation, if the configuration allows it. None: the signalled address is the only one."""


@dataclass(frozen=True, slots=True)
class Target:
    """Who is passed a port's packets: how each payload type reaches it, and whether the packets go as they came."""

    port: "MediaPort"
    routes: Mapping[int, Route]
    plain: bool


@dataclass(slots=True, eq=False)
class HeardCopy:
    """Where what a party hears is copied to, as a stream of its own."""

    tap: socket.socket
    stream: OutStream


@dataclass(slots=True, eq=False)
class MediaPort:
    """One leg's place in the relay. Other modules read `address`, `party` and `received` and leave the rest alone."""

    sockets: SocketPair
    address: MediaAddress
    party: Party | None = None
    remote: SocketAddress | None = None
    remote_rtcp: SocketAddress | None = None
    latching: bool = False
    received: int = 0
    """Packets taken from the party."""
    header: bytes = b""
    """The first twelve bytes of the newest of them."""
    tap: socket.socket | None = None
    muted: bool = False
    key: tuple[int, int] | None = None
    """SSRC and timestamp of the newest key its party pressed."""

    joined: tuple["MediaPort", ...] = ()
    monitored: "MediaPort | None" = None
    """On whom it listens in."""
    audible_to: tuple["MediaPort", ...] = ()
    """Who hears it though not joined with it."""
    ears: tuple["MediaPort", ...] = ()
    """Who listens in on it."""
    coaches: tuple["MediaPort", ...] = ()
    """Whom it hears though not joined with them."""

    hears: tuple["MediaPort", ...] = ()
    """Whom its party hears now, by the rule above."""
    listeners: set["MediaPort"] = field(default_factory=set)
    targets: tuple[Target, ...] = ()
    """Of the listeners those who hear nobody else, and so are passed its packets one by one."""
    jitter: JitterBuffer | None = None
    """Its audio for those who hear others too."""

    music: bool = False
    """Whether its party hears music while it hears nobody."""
    ring_tone: bool = False
    """Whether it hears, instead of that, that the phone it calls is ringing."""
    background_frame: int = 0
    """How far into either it is."""
    keys: KeyPad | None = None
    signal: deque[bytes] = field(default_factory=deque)
    """Frames of a short tone that it hears in place of everything else."""
    announcement: Playing | None = None
    """What it hears in place of all but those tones and keys."""
    tone_at: int | None = None
    """How much it has heard of a tone that is mixed into what it hears, in samples; None without one."""
    stream: OutStream | None = None
    """What its party is sent; None while packets of one other party pass as they came."""
    copy: HeardCopy | None = None

    @property
    def listening(self) -> bool:
        """Whether its party is to be sent anything."""
        return self.party is not None and self.party.receives

    def toned(self, audio: bytes, law: Law) -> bytes:
        """What the party is about to hear, with the next of the tone that it is to hear besides."""
        if self.tone_at is None:
            return audio
        mixed = with_tone(audio, law, self.tone_at)
        self.tone_at = self.tone_at + len(audio) if self.tone_at + len(audio) < TONE_SAMPLES else None
        return mixed

    @property
    def covered(self) -> bool:
        """Whether a key, a tone or an announcement stands in for what others say now."""
        return bool(self.signal) or self.announcement is not None or (self.keys is not None and self.keys.down)

    @property
    def mixed(self) -> bool:
        """Whether its party hears several at once."""
        return len(self.hears) > 1


def heard_by_rule(port: MediaPort) -> tuple[MediaPort, ...]:
    """Whom the port's party shall hear."""
    if not port.listening:
        return ()
    others = port.joined
    if port.monitored is not None:
        others = (port.monitored, *port.monitored.joined) if port.monitored.listening else ()
    return tuple(dict.fromkeys(each for each in (*others, *port.coaches) if each is not port))


def around(ports: tuple[MediaPort, ...]) -> set[MediaPort]:
    """The ports, and all whose hearing a change at them may change."""
    near = {each for port in ports for each in (port, *port.joined, *port.audible_to)}
    return near.union(*(port.ears for port in near))


def join(ports: tuple[MediaPort, ...]) -> None:
    """From now on these are joined, and with nobody else."""
    for each in ports:
        part(each)
    for each in ports:
        each.joined = tuple(other for other in ports if other is not each)


def part(port: MediaPort) -> None:
    """The port is joined with nobody and listens in on nobody; who listens in on it goes on."""
    for other in port.joined:
        other.joined = _without(other.joined, port)
    port.joined = ()
    if port.monitored is not None:
        port.monitored.ears = _without(port.monitored.ears, port)
        port.monitored = None
    for other in port.audible_to:
        other.coaches = _without(other.coaches, port)
    port.audible_to = ()


def monitor(supervisor: MediaPort, monitored: MediaPort, audible_to: tuple[MediaPort, ...]) -> None:
    """The supervisor listens in on the monitored one's conversation and is heard by these."""
    part(supervisor)
    supervisor.monitored, supervisor.audible_to = monitored, audible_to
    monitored.ears = (*monitored.ears, supervisor)
    for each in audible_to:
        each.coaches = (*each.coaches, supervisor)


def leave(port: MediaPort) -> None:
    """The port goes for good: whoever listened in on it hears nobody, whoever was audible to it is not."""
    part(port)
    for supervisor in port.ears:
        part(supervisor)
    for coach in port.coaches:
        coach.audible_to = _without(coach.audible_to, port)
    port.ears = port.coaches = ()


def _without(ports: tuple[MediaPort, ...], port: MediaPort) -> tuple[MediaPort, ...]:
    return tuple(each for each in ports if each is not port)
