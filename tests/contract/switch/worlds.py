"""The switches under one hand: what the contract suite does to phones, and how it knows what they hear."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from telegraphone.domain.legs import EndCause
from telegraphone.endpoints.clock import SystemClock
from telegraphone.media.g711 import a_to_linear, mu_to_linear
from telegraphone.phone import Phone, PhoneOptions, PhoneState, tone
from telegraphone.services.ports import MediaAddress, Switch, SwitchEvent, SwitchEvents, Taps
from telegraphone.services.switch_ports import ConferenceTaps, LegMedia, Monitoring
from telegraphone.switches.exchange import Account, Exchange
from telegraphone.switches.simulated import SimulatedSwitch
from telegraphone.wire.rtp.dtmf import KEYS, read_event
from telegraphone.wire.rtp.packet import RtpPacket, read_packet

Fact, Heard = TypeVar("Fact"), TypeVar("Heard")

HOST = "127.0.0.1"
CALLER, CALLED, AWAY, UNKNOWN = "5000", "5001", "5002", "5999"
"""Two phones that are there, one that is not registered, and a number that nobody has."""

_REFUSALS = {EndCause.BUSY: 486, EndCause.DECLINED: 603}
_LISTEN_S, _LATE_S, _LISTENS_MAX, _TRIES_MAX = 0.15, 0.1, 15, 100
PATIENCE_S = 25.0
_TONES = {CALLER: 1_000.0, CALLED: 1_300.0, AWAY: 1_600.0}
_VOICE = 8_000
MUSIC, RINGING = "music", "ringing"
_RINGING_HZ = 425


class AnySwitch(Switch, Taps, SwitchEvents, Protocol):
    """All that a switch offers to those above it."""

    @property
    def sound(self) -> "AnySound": ...

    async def close(self) -> None: ...


class AnySound(LegMedia, ConferenceTaps, Monitoring, Protocol):
    """All that a switch does to the sound of legs."""


class Sink(Protocol):
    """Somewhere to copy audio to."""

    address: MediaAddress

    async def receives(self) -> bool: ...
    async def voices(self, wanted: frozenset[str] | None = None) -> frozenset[str]: ...


class World(Protocol):
    """A switch with its phones."""

    @property
    def switch(self) -> AnySwitch: ...
    async def start(self) -> None: ...
    async def close(self) -> None: ...
    async def dial(self, number: str, dialled: str) -> None: ...
    async def pick_up(self, number: str) -> None: ...
    async def refuse(self, number: str, cause: EndCause) -> None: ...
    async def hold(self, number: str) -> None: ...
    async def retrieve(self, number: str) -> None: ...
    async def hang_up(self, number: str) -> None: ...
    async def leave(self, number: str) -> None: ...
    async def come_back(self, number: str) -> None: ...
    async def heard(self, number: str, wanted: frozenset[str] | None = None) -> frozenset[str]: ...
    async def hears(self, number: str, other: str) -> bool: ...
    async def keys(self, number: str, count: int) -> str: ...
    def sink(self) -> Sink: ...


class SimulatedSink:
    def __init__(self, switch: SimulatedSwitch, port: int) -> None:
        self.address = MediaAddress("192.0.2.9", port)
        self._switch = switch

    async def receives(self) -> bool:
        return self.address in (*self._switch.forks.values(), *self._switch.sound.mixes.values())

    async def voices(self, wanted: frozenset[str] | None = None) -> frozenset[str]:
        own = [leg for leg, to in self._switch.forks.items() if to == self.address and not self._switch.legs[leg].muted]
        mixed = [
            each
            for leg, to in self._switch.sound.mixes.items()
            if to == self.address
            for each in self._switch.hears(leg) & self._switch.legs[leg].joined
        ]
        return frozenset(self._switch.legs[leg].number for leg in (*own, *mixed))


class SimulatedWorld:
    def __init__(self) -> None:
        self.switch = SimulatedSwitch(clock=SystemClock(), numbers=(CALLER, CALLED), away=(AWAY,))
        self._sinks = 0

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        await self.switch.close()

    async def dial(self, number: str, dialled: str) -> None:
        self.switch.phone(number).call(dialled)

    async def pick_up(self, number: str) -> None:
        self.switch.phone(number).answer()

    async def refuse(self, number: str, cause: EndCause) -> None:
        self.switch.phone(number).refuse(cause)

    async def hold(self, number: str) -> None:
        self.switch.phone(number).hold()

    async def retrieve(self, number: str) -> None:
        self.switch.phone(number).retrieve()

    async def hang_up(self, number: str) -> None:
        self.switch.phone(number).hang_up()

    async def leave(self, number: str) -> None:
        self.switch.phone(number).unregister()

    async def come_back(self, number: str) -> None:
        self.switch.phone(number).register()

    async def heard(self, number: str, wanted: frozenset[str] | None = None) -> frozenset[str]:
        leg = self.switch.phone(number).leg
        if leg is None:
            return frozenset()
        heard = {self.switch.legs[each].number for each in self.switch.hears(leg)}
        mine = self.switch.legs[leg]
        return frozenset(heard or ({RINGING} if mine.ring_tone else {MUSIC} if mine.music else ()))

    async def hears(self, number: str, other: str) -> bool:
        return other in await self.heard(number)

    async def keys(self, number: str, count: int) -> str:
        leg = self.switch.phone(number).leg
        assert leg is not None
        return self.switch.legs[leg].digits

    def sink(self) -> Sink:
        self._sinks += 1
        return SimulatedSink(self.switch, 40_000 + 2 * self._sinks)


async def lasting(listen: Callable[[], Heard], there: Callable[[], Awaitable[None]], wanted: Heard | None = None) -> Heard:
    """What two listens in a row hear, and that is what is `wanted`, or some are over: what was on its way before the last
    change may have to be heard out. A listen during which this process, or the switch's, stood still counts for nothing.
    `there` returns when the switch's does something; `listen` takes what came since it was called last."""
    heard: list[Heard] = []
    for _ in range(_TRIES_MAX):
        listen()
        begun = asyncio.get_running_loop().time()
        await asyncio.sleep(_LISTEN_S)
        await there()
        if asyncio.get_running_loop().time() - begun < _LISTEN_S + _LATE_S:
            heard.append(listen())
            lasts = heard[-2:] == [heard[-1]] * 2
            if (lasts and wanted in (None, heard[-1])) or len(heard) == _LISTENS_MAX:
                return heard[-1]
    raise AssertionError(f"it stood still again and again: {heard}")


class UdpSink:
    """A socket that says whether anything comes within a moment, while the switch is `there`."""

    def __init__(self, there: Callable[[], Awaitable[None]]) -> None:
        self._there = there
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.setblocking(False)
        self.address = MediaAddress(HOST, self._socket.getsockname()[1])

    def drain(self) -> list[tuple[bytes, tuple[str, int]]]:
        packets = []
        while True:
            try:
                packets.append(self._socket.recvfrom(2048))
            except BlockingIOError:
                return packets

    async def receives(self) -> bool:
        return await lasting(lambda: bool(self.drain()), self._there)

    async def voices(self, wanted: frozenset[str] | None = None) -> frozenset[str]:
        return await lasting(lambda: voices([read_packet(data) for data, _ in self.drain()]), self._there, wanted)

    def close(self) -> None:
        self._socket.close()


def voices(packets: list[RtpPacket]) -> frozenset[str]:
    """Whose tones make up these packets; ringing; music when it is none of these."""
    sound = np.concatenate([np.zeros(1), *(_linear(packet) for packet in packets if packet.payload_type in (0, 8))])
    turns = 2j * np.pi * np.arange(len(sound)) / 8_000
    pitches = {**_TONES, RINGING: _RINGING_HZ}
    strengths = {name: 2 * abs(np.exp(-turns * hz) @ sound) / len(sound) for name, hz in pitches.items()}
    heard = frozenset(name for name, strength in strengths.items() if strength > _VOICE / 5)
    return heard or frozenset({MUSIC} if np.sqrt(np.mean(sound**2)) > _VOICE / 40 else ())


def _linear(packet: RtpPacket) -> NDArray[np.float64]:
    linear = a_to_linear(packet.payload) if packet.payload_type else mu_to_linear(packet.payload)
    return np.frombuffer(linear, "<i2").astype(np.float64)


class PhonesWorld:
    """What the hands and ears at three real phones do."""

    def __init__(self, options: PhoneOptions) -> None:
        self._options = options
        self._phones: dict[str, Phone] = {}
        self._sinks: list[UdpSink] = []

    async def register(self, registrar: tuple[str, int], user: str, password: str) -> None:
        """All but the one that is away; `{}` stands for the number."""
        for number, hz in _TONES.items():
            who = (number, user.format(number), password.format(number))
            self._phones[number] = Phone(*who, registrar, HOST, voice=tone(hz, _VOICE), options=self._options)
            if number != AWAY:
                await self._phones[number].register()

    async def put_away(self) -> None:
        for phone in self._phones.values():
            await phone.close()
        for sink in self._sinks:
            sink.close()

    async def dial(self, number: str, dialled: str) -> None:
        await self._phones[number].dial(dialled)

    async def pick_up(self, number: str) -> None:
        await self._phones[number].until(PhoneState.RINGING)
        await self._phones[number].answer()

    async def refuse(self, number: str, cause: EndCause) -> None:
        await self._phones[number].until(PhoneState.RINGING)
        await self._phones[number].refuse(_REFUSALS[cause])

    async def hold(self, number: str) -> None:
        await self._phones[number].until(PhoneState.TALKING)
        await self._phones[number].hold()
        await self._phones[number].until(PhoneState.HOLDING)

    async def retrieve(self, number: str) -> None:
        await self._phones[number].retrieve()
        await self._phones[number].until(PhoneState.TALKING)

    async def hang_up(self, number: str) -> None:
        await self._phones[number].hang_up()

    async def leave(self, number: str) -> None:
        await self._phones[number].unregister()

    async def come_back(self, number: str) -> None:
        await self._phones[number].register()

    async def there(self) -> None:
        """Returns when the switch's process does something: that is this one."""

    async def heard(self, number: str, wanted: frozenset[str] | None = None) -> frozenset[str]:
        frames, known = self._phones[number].heard, 0

        def listen() -> frozenset[str]:
            nonlocal known
            before, known = known, len(frames)
            return voices([each.packet for each in list(frames)[before:]])

        return await lasting(listen, self.there, wanted)

    async def hears(self, number: str, other: str) -> bool:
        return other in await self.heard(number)

    async def keys(self, number: str, count: int) -> str:
        """The keys that were played to it; not before there are as many, and a moment has passed in which more would come."""

        def pressed() -> str:
            events = [each.packet for each in list(self._phones[number].heard) if each.packet.payload_type == 101]
            codes = {packet.timestamp: read_event(packet.payload).code for packet in events}
            return "".join(KEYS[code] for code in codes.values())

        for _ in range(int(PATIENCE_S / _LISTEN_S)):
            if len(pressed()) >= count:
                break
            await asyncio.sleep(_LISTEN_S)
        return await lasting(pressed, self.there)

    def sink(self) -> Sink:
        self._sinks.append(UdpSink(self.there))
        return self._sinks[-1]


class ExchangeWorld(PhonesWorld):
    def __init__(self) -> None:
        super().__init__(PhoneOptions())
        accounts = [Account(number, f"user{number}", f"secret{number}") for number in (CALLER, CALLED, AWAY)]
        self.switch = Exchange(
            host=HOST, port=0, rtp_ports=(31_000, 31_098), accounts=accounts, realm="example.com", clock=SystemClock()
        )

    async def start(self) -> None:
        await self.switch.start()
        await self.register((HOST, self.switch.port), "user{}", "secret{}")

    async def close(self) -> None:
        await self.put_away()
        await self.switch.close()


class Facts:
    """The switch's events, asked for one by one."""

    def __init__(self, switch: SwitchEvents) -> None:
        self._events = switch.events()

    async def next(self, timeout_s: float = PATIENCE_S) -> SwitchEvent:
        async with asyncio.timeout(timeout_s):
            return await anext(self._events)

    async def next_of(self, kind: type[Fact]) -> Fact:
        event = await self.next()
        assert isinstance(event, kind), event
        return event

    async def none(self, within_s: float = 0.15) -> None:
        """Nothing more happens for a moment; ends the reading, so it comes last."""
        try:
            event = await self.next(within_s)
        except TimeoutError:
            return
        raise AssertionError(event)

    def rest(self) -> AsyncIterator[SwitchEvent]:
        """All that is left, to the end."""
        return self._events
