"""Decides how each party gets to hear whom it shall hear: packets as they come, a stream of ours, a mix, music, or nothing.

Whoever hears one other party is passed that one's packets. Whoever hears several is sent a mix, for which those are
buffered. Whoever hears nobody is sent music if that was asked for. Once any of this changes for a phone, what it is sent is
a stream of its own (`stream`), which goes on from the last packet of before.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from telegraphone.media.jitter import JitterBuffer
from telegraphone.media.mixing import Law
from telegraphone.switches.exchange import media_port as wiring
from telegraphone.switches.exchange.announcement import Playing
from telegraphone.switches.exchange.hold_music import Frames
from telegraphone.switches.exchange.keys import KeyPad
from telegraphone.switches.exchange.media_port import HeardCopy, MediaPort, Target, heard_by_rule
from telegraphone.switches.exchange.metronome import Metronome
from telegraphone.switches.exchange.payloads import TELEPHONE_EVENT, routes
from telegraphone.switches.exchange.signals import Signal, frames
from telegraphone.switches.exchange.stream import OutStream


class Hearing:
    """Who hears whom in an exchange, kept true through every change."""

    def __init__(
        self, send: Callable[[MediaPort, bytes], None], copy: Callable[[HeardCopy, bytes], None], entropy: Callable[[int], bytes]
    ) -> None:
        """`send` gives a packet to a port's party, `copy` to where what a party hears is copied."""
        self._entropy = entropy
        self._metronome = Metronome(send, copy, self._played)

    def join(self, *ports: MediaPort) -> None:
        """From now on these hear each other, and nobody else; one alone hears nobody."""
        near = wiring.around(ports)
        wiring.join(ports)
        self._rewire(near | wiring.around(ports))

    def monitor(self, supervisor: MediaPort, monitored: MediaPort, audible_to: tuple[MediaPort, ...]) -> None:
        """The supervisor listens in on the monitored one's conversation and is heard by these."""
        near = wiring.around((supervisor,))
        wiring.monitor(supervisor, monitored, audible_to)
        self._rewire(near | wiring.around((supervisor,)))

    def leave(self, port: MediaPort) -> None:
        """The port goes for good."""
        near = wiring.around((port, *port.ears))
        wiring.leave(port)
        port.music = port.ring_tone = False
        port.signal.clear()
        port.tone_at = None
        port.keys = port.party = None
        self._rewire(near)

    def changed(self, port: MediaPort) -> None:
        """The port's party signalled something new, or what it hears is copied from now on, or no longer."""
        self._rewire(wiring.around((port,)))

    def play_music(self, port: MediaPort, *, on: bool) -> None:
        """Music, from its beginning, while the party hears nobody; or no longer."""
        if port.music is not on:
            port.music, port.background_frame = on, -1
            self._rewire({port})

    def play_ring_tone(self, port: MediaPort, *, on: bool) -> None:
        """The tone of a phone that rings, while the party hears nobody; or no longer."""
        if port.ring_tone is not on:
            port.ring_tone, port.background_frame = on, -1
            self._rewire({port})

    def press(self, port: MediaPort, digits: str) -> bool:
        """Plays keys to the party, who must understand telephone events; False when too many wait."""
        keys = port.keys or KeyPad()
        pressed = keys.press(digits)
        port.keys = None if keys.idle else keys
        self._rewire({port})
        return pressed

    def play_signal(self, port: MediaPort, signal: Signal) -> None:
        """A short tone in place of all else, and of an earlier one; nothing where the party is not listening."""
        if port.listening and port.party is not None:
            port.signal = deque(frames(signal)[port.party.payloads.law])
            self._rewire({port})

    async def announce(self, port: MediaPort, sound: Mapping[Law, Frames]) -> bool:
        """Plays it in place of all else but keys and signals, and of an earlier one; whether to its end."""
        if not port.listening:
            return False
        self._silence(port)
        playing = port.announcement = Playing(sound)
        self._rewire({port})
        try:
            return await playing.over
        finally:
            if port.announcement is playing:
                self._silence(port)
                self._rewire({port})

    def _silence(self, port: MediaPort) -> None:
        """Whatever is announced to the party is heard no further."""
        if port.announcement is not None:
            port.announcement.settle()
            port.announcement = None

    def warn(self, port: MediaPort) -> None:
        """Mixes the warning tone into the next that the party hears, whoever says it."""
        if port.listening:
            port.tone_at = 0

    def new_stream(self) -> OutStream:
        """A stream for a copy of what somebody hears."""
        return OutStream.begun(self._entropy, asyncio.get_running_loop().time())

    def _played(self, port: MediaPort) -> None:
        if port.keys is not None and port.keys.idle:
            port.keys = None
        if port.announcement is not None and port.announcement.ended:
            self._silence(port)
        self._rewire({port})

    def _rewire(self, ports: Iterable[MediaPort]) -> None:
        speakers: set[MediaPort] = set()
        for port in ports:
            hears = heard_by_rule(port)
            speakers.update((port, *port.hears, *hears))
            if hears != port.hears:
                self._now_hears(port, hears)
            self._pace(port)
        for speaker in speakers:
            _aim(speaker)

    def _now_hears(self, port: MediaPort, hears: tuple[MediaPort, ...]) -> None:
        if port.stream is not None:
            port.stream.interrupted()
        elif len(port.hears) == 1 and port.hears[0].header:
            port.stream = OutStream.continuing(port.hears[0].header, asyncio.get_running_loop().time())
        for each in port.hears:
            each.listeners.discard(port)
        for each in hears:
            each.listeners.add(port)
        port.hears = hears

    def _pace(self, port: MediaPort) -> None:
        """Has the port sent what does not come from one other party by itself."""
        if not port.listening:
            self._silence(port)
        background = (port.music or port.ring_tone) and not port.hears
        instead = port.keys is not None or bool(port.signal) or port.announcement is not None
        ours = port.listening and (port.mixed or instead or background)
        if ours and port.stream is None:
            heard = port.hears[0].header if len(port.hears) == 1 else b""
            now = asyncio.get_running_loop().time()
            port.stream = OutStream.continuing(heard, now) if heard else OutStream.begun(self._entropy, now)
        self._metronome.set(port, on=ours)


def _aim(speaker: MediaPort) -> None:
    """Works out anew who is passed the port's packets one by one, and whether they are buffered for others."""
    if speaker.party is None:
        speaker.targets, speaker.jitter = (), None
        return
    alone = ((each, each.party) for each in speaker.listeners if not each.mixed)
    speaker.targets = tuple(
        Target(each, routes(speaker.party.payloads, party.payloads), each.stream is None and each.copy is None)
        for each, party in alone
        if party is not None
    )
    if any(each.mixed for each in speaker.listeners):
        speaker.jitter = speaker.jitter or JitterBuffer()
    else:
        speaker.jitter = None


def knows_keys(port: MediaPort) -> bool:
    """Whether the port's party understands telephone events."""
    return port.party is not None and TELEPHONE_EVENT in port.party.payloads.to_party
