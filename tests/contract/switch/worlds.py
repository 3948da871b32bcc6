"""The two switches under one hand: what the contract suite does to phones, and how it knows what they hear."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Protocol, TypeVar

from telegraphone.domain.legs import EndCause
from telegraphone.endpoints.clock import SystemClock
from telegraphone.phone import Phone, PhoneOptions, PhoneState, speech
from telegraphone.services.ports import MediaAddress, Switch, SwitchEvent, SwitchEvents, Taps
from telegraphone.switches.exchange import Account, Exchange
from telegraphone.switches.simulated import SimulatedSwitch

Fact = TypeVar("Fact")

HOST = "127.0.0.1"
CALLER, CALLED, AWAY, UNKNOWN = "5000", "5001", "5002", "5999"
"""Two phones that are there, one that is not registered, and a number that nobody has."""

_REFUSALS = {EndCause.BUSY: 486, EndCause.DECLINED: 603}
_LISTEN_S = 0.2


class AnySwitch(Switch, Taps, SwitchEvents, Protocol):
    """All that a switch offers to those above it."""

    async def close(self) -> None: ...


class Sink(Protocol):
    """Somewhere to copy audio to."""

    address: MediaAddress

    async def receives(self) -> bool: ...


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
    async def hears(self, number: str, other: str) -> bool: ...
    def sink(self) -> Sink: ...


class SimulatedSink:
    def __init__(self, switch: SimulatedSwitch, port: int) -> None:
        self.address = MediaAddress("192.0.2.9", port)
        self._switch = switch

    async def receives(self) -> bool:
        return self.address in self._switch.forks.values()


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

    async def hears(self, number: str, other: str) -> bool:
        leg, others = self.switch.phone(number).leg, self.switch.phone(other).leg
        return leg is not None and others in self.switch.hears(leg)

    def sink(self) -> Sink:
        self._sinks += 1
        return SimulatedSink(self.switch, 40_000 + 2 * self._sinks)


class UdpSink:
    """A socket that says whether anything comes within a moment."""

    def __init__(self) -> None:
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
        self.drain()
        await asyncio.sleep(_LISTEN_S)
        return bool(self.drain())

    def close(self) -> None:
        self._socket.close()


class Remembering:
    """A voice that remembers what it said."""

    def __init__(self, voice: Callable[[int], bytes]) -> None:
        self._voice = voice
        self.said: list[bytes] = []

    def __call__(self, frame: int) -> bytes:
        self.said.append(self._voice(frame))
        return self.said[-1]


class ExchangeWorld:
    def __init__(self) -> None:
        accounts = [Account(number, f"user{number}", f"secret{number}") for number in (CALLER, CALLED, AWAY)]
        self.switch = Exchange(
            host=HOST, port=0, rtp_ports=(31_000, 31_098), accounts=accounts, realm="example.com", clock=SystemClock()
        )
        self._phones: dict[str, Phone] = {}
        self._voices: dict[str, Remembering] = {}
        self._sinks: list[UdpSink] = []

    async def start(self) -> None:
        await self.switch.start()
        for number, pitch_hz in ((CALLER, 120), (CALLED, 210), (AWAY, 160)):
            self._voices[number] = Remembering(speech(pitch_hz))
            self._phones[number] = Phone(
                number,
                f"user{number}",
                f"secret{number}",
                (HOST, self.switch.port),
                HOST,
                voice=self._voices[number],
                options=PhoneOptions(),
            )
            if number != AWAY:
                await self._phones[number].register()

    async def close(self) -> None:
        for phone in self._phones.values():
            await phone.close()
        await self.switch.close()
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

    async def hears(self, number: str, other: str) -> bool:
        heard, said = self._phones[number].heard, self._voices[other].said
        before_heard, before_said = len(heard), len(said)
        await asyncio.sleep(_LISTEN_S)
        fresh = {each.packet.payload for each in list(heard)[before_heard:]}
        assert fresh <= set(said), "something was heard that nobody said"
        return bool(fresh & set(said[before_said:]))

    def sink(self) -> Sink:
        self._sinks.append(UdpSink())
        return self._sinks[-1]


class Facts:
    """The switch's events, asked for one by one."""

    def __init__(self, switch: SwitchEvents) -> None:
        self._events = switch.events()

    async def next(self, timeout_s: float = 5.0) -> SwitchEvent:
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
