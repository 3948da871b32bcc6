"""The face of one Asterisk: ARI below, the ports `Switch`, `Taps` and `SwitchEvents` above.

Asterisk is a back-to-back user agent of primitives: every leg is a channel in our Stasis application, and what becomes of the
other legs is decided by who reads the events. Only signalling passes here; audio goes from Asterisk to the recorder.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

import structlog

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import Ability, EndCause
from telegraphone.domain.recording import Trigger
from telegraphone.limits import ARI_ANSWER_S
from telegraphone.services.ports import Caller, Clock, LegOver, MediaAddress, MediaSource, SwitchEvent, Unavailable
from telegraphone.services.switch_ports import QuietPackets, Trunks
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.calls import Calls
from telegraphone.switches.asterisk.connection import Connection, apps
from telegraphone.switches.asterisk.devices import Devices
from telegraphone.switches.asterisk.ears import Ears
from telegraphone.switches.asterisk.facts import Facts
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.link import AriLink
from telegraphone.switches.asterisk.packet_taps import PacketTaps
from telegraphone.switches.asterisk.sound import AsteriskSound
from telegraphone.switches.asterisk.taps import Taps
from telegraphone.switches.asterisk.wiring import Wiring

log = structlog.get_logger()


class AsteriskSwitch:
    """One Asterisk. `start` before anything else; `close` ends every call."""

    def __init__(
        self,
        *,
        name: str,
        url: str,
        user: str,
        password: str,
        app: str,
        named_devices: Mapping[str, str],
        outbound: str,
        lifts: bool,
        feature_codes: Mapping[str, Trigger],
        rtp_ports: tuple[int, int],
        packets: QuietPackets | None = None,
        surely_here: bool = False,
        clock: Clock,
    ) -> None:
        """`name`: what it is called in the log; `app`: its Stasis application; `named_devices`: endpoints by the numbers of
        phones that are not named after them; `outbound`: the endpoint by which other numbers are called, with `{number}` in
        it; `lifts`: whether phones heed header fields that tell them to answer; `feature_codes`: what people press to operate
        their recording; `rtp_ports`: first and last of `rtp.conf`; `packets`: where the recorder can take packets from the
        kernel of this machine, those that do not come; `surely_here`: Asterisk runs on it too, even if ARI is elsewhere."""
        self.name = name
        link = AriLink(url=url, user=user, password=password, apps=apps(app))
        self._board = board = Board(name=name, app=app, link=link, devices=Devices(named_devices), clock=clock)
        self._wiring = Wiring(board)
        self._taps = Taps(board, (rtp_ports[1] - rtp_ports[0] + 1) // 2)
        self._packets = PacketTaps(board, self._taps, packets, surely_here=surely_here) if packets is not None else None
        self._ears = Ears(board, self._wiring, self._taps)
        self._calls = Calls(board, outbound=outbound, lifts=lifts, ended=self._leg_ended)
        self._facts = Facts(board, self._calls, self._wiring, feature_codes)
        self._connection = Connection(board, self._calls, self._facts, (self._wiring, self._taps, self._ears))
        self.sound = AsteriskSound(board, self._wiring, self._taps, self._ears, self._packets)
        """Its `LegMedia`, `ConferenceTaps`, `TapMutes` and `Monitoring`."""
        self.requests = _NoAnswers()
        """Its `PhoneAnswers`."""
        self.trunks: Trunks = self._calls
        """Which numbers are outside."""
        self._following: dict[Leg, asyncio.Future[None]] = {}
        self._life: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when Asterisk has been reached once, or could not be: then it is tried again for ever."""
        # Awaited in `close`.
        self._life = asyncio.create_task(self._live())
        await self._connection.first.wait()

    async def close(self) -> None:
        """Hangs up every leg and ends the events."""
        for leg in tuple(self._board.legs.values()):
            try:
                await self._calls.hang_up(leg, EndCause.NORMAL)
            except Unavailable:
                self._calls.end(leg, EndCause.NORMAL)
        if self._life is not None:
            await self._settle()
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
        await self._board.link.close()
        self._board.queue.put_nowait(None)

    async def _settle(self) -> None:
        """Whatever follows from the ends is done, as far as Asterisk answers."""
        try:
            async with asyncio.timeout(ARI_ANSWER_S):
                await self._board.work.done()
                await self._board.janitor.clear()
        except TimeoutError:
            log.warning("left_behind", asterisk=self.name)

    @property
    def works(self) -> bool:
        """Whether events arrive."""
        return self._board.listening

    async def _live(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            self._board.work.attach(tasks)
            tasks.create_task(self._board.janitor.run())
            tasks.create_task(self._connection.run())
            if self._packets is not None:
                tasks.create_task(self._packets.run())

    # --- Switch ---

    @property
    def abilities(self) -> frozenset[Ability]:
        """All there are."""
        return frozenset(Ability)

    async def originate(self, leg: LegId, number: str, caller: Caller, *, lift: bool = False) -> None:
        """See `Switch`."""
        await self._calls.originate(leg, number, caller, lift=lift)

    async def ring(self, leg: LegId) -> None:
        """See `Switch`."""
        if found := self._board.legs.get(leg):
            await self._calls.ring(found)

    async def answer(self, leg: LegId) -> None:
        """See `Switch`."""
        if found := self._board.legs.get(leg):
            await self._calls.answer(found)

    async def hang_up(self, leg: LegId, cause: EndCause) -> None:
        """See `Switch`."""
        if found := self._board.legs.get(leg):
            await self._calls.hang_up(found, cause)
            if following := self._following.get(found):
                await following

    async def join(self, legs: tuple[LegId, ...]) -> None:
        """See `Switch`. It is done also where it had to wait so long that nobody waits for it any more."""
        await self._board.work.outlasting(self._join, legs)

    # --- Taps ---

    async def fork(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """See `Taps`."""
        found = self._board.with_media(leg)
        try:
            return await self._fork(found, to)
        except Unavailable as error:
            if leg in self._board.legs and await self._board.link.is_there(found.ari_id):
                raise
            raise LegOver(leg) from error

    async def unfork(self, leg: LegId) -> None:
        """See `Taps`."""
        if found := self._board.legs.get(leg):
            async with found.tapping:
                await self._taps.unfork(found)
                if self._packets is not None:
                    self._packets.unfork(found)

    # --- SwitchEvents ---

    async def events(self) -> AsyncIterator[SwitchEvent]:
        """See `SwitchEvents`."""
        while (event := await self._board.queue.get()) is not None:
            yield event

    # --- inside ---

    async def _join(self, legs: tuple[LegId, ...]) -> None:
        async with self._wiring.lock, AsyncExitStack() as whatever_fails:
            whatever_fails.push_async_callback(self._ears.follow)
            await self._ears.take_part(leg for each in legs if (leg := self._board.legs.get(each)) is not None)
            await self._wiring.join(legs)

    async def _fork(self, leg: Leg, to: MediaAddress) -> MediaSource:
        async with leg.tapping:
            source = await self._packets.fork(leg, to) if self._packets is not None else None
            if source is None:
                return await self._taps.fork(leg, to)
            await self._taps.unfork(leg)
            return source

    def _leg_ended(self, leg: Leg) -> None:
        following = self._following[leg] = self._board.work.spawn(self._follow_the_end, leg)
        following.add_done_callback(lambda _: self._following.pop(leg))

    async def _follow_the_end(self, leg: Leg) -> None:
        await self._taps.gone(leg)
        if self._packets is not None:
            self._packets.unfork(leg)
        async with self._wiring.lock, AsyncExitStack() as whatever_fails:
            whatever_fails.push_async_callback(self._ears.follow)
            whatever_fails.push_async_callback(self._wiring.gone, leg)
            await self._ears.gone(leg)


class _NoAnswers:
    """`PhoneAnswers` of a switch whose phones ask by keys and wait for nothing."""

    async def settle(self, request: str, cause: EndCause | None) -> None:
        """See `PhoneAnswers`: no request is known here."""
