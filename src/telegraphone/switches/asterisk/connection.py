"""Keeps one Asterisk's events coming: connects, compares what is there with what should be, looks again now and then.

Theory. Events that are missed are not told again, and calls go on while nobody listens. So after every connection, and every
few seconds, the lists of channels and bridges are compared with ours: legs that are gone have ended, calls that came in are
taken, legs that ring or were answered are so here too, and whatever is named as ours but is not wanted is deleted. A list that
was asked for before something changed says nothing about it, so only what was known before is compared.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable

import structlog

from telegraphone.domain.legs import EndCause
from telegraphone.limits import ARI_LOOK_S, ARI_LOST_S, ARI_RETRY_S, ARI_TAKEN_S
from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.calls import Calls
from telegraphone.switches.asterisk.ears import Ears
from telegraphone.switches.asterisk.facts import Facts
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.link import AriRefused, Disconnected
from telegraphone.switches.asterisk.taps import Taps
from telegraphone.switches.asterisk.wiring import Wiring
from telegraphone.wire.ari import requests
from telegraphone.wire.ari.events import ApplicationReplaced, parse_event
from telegraphone.wire.ari.requests import AriRequest
from telegraphone.wire.ari.resources import AriApplication, AriBridge, AriChannel, AriEndpoint, AriInfo, each_of
from telegraphone.wire.errors import RemoteProtocolError

log = structlog.get_logger()

_DEVICES = "-devices"
_UNHEARD = (
    "ChannelVarset",
    "ChannelDialplan",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelEnteredBridge",
    "ChannelLeftBridge",
)
"""Kinds of events that change nothing here and come in floods: a leg's RTP statistics alone are a dozen each."""


def apps(app: str) -> tuple[str, str]:
    """The applications that share the connection: the one for calls, and one that is told of phones and nothing else.
    In one, every event of a phone's legs would come twice."""
    return app, app + _DEVICES


class Connection:
    """The life of the connection to one Asterisk."""

    def __init__(self, board: Board, calls: Calls, facts: Facts, parts: tuple[Wiring, Taps, Ears]) -> None:
        self._board = board
        self._calls = calls
        self._facts = facts
        self._wiring, self._taps, self._ears = parts
        self._began = ""
        self._reached_at = board.clock.now()
        self.first = asyncio.Event()
        """Set when the first try is over, whatever came of it."""

    async def run(self) -> None:
        """Connects again and again, for ever."""
        tries = 0
        while True:
            taken = False
            try:
                await self._leftovers()
                async with self._board.link.events() as messages:
                    taken = await self._hear(messages)
                tries = 0
                log.error("asterisk_disconnected", asterisk=self._board.name)
            except (Unavailable, AriRefused) as error:
                self._unreached(error)
            except Exception:
                # A bug ends no call: over a new connection all is compared, and goes on.
                log.exception("asterisk_connection_crashed", asterisk=self._board.name)
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise  # a group of tasks that fails while it is cancelled tells of the failure alone
            finally:
                self._board.listening = False
                self.first.set()
            await asyncio.sleep(ARI_TAKEN_S if taken else ARI_RETRY_S[min(tries, len(ARI_RETRY_S) - 1)])
            tries += 1

    async def _hear(self, messages: AsyncIterator[str | bytes]) -> bool:
        """One connection, from its beginning to its end; whether it is of no use because somebody else is told everything."""
        board = self._board
        await self._set_up()
        board.listening = True
        await self._compare()
        board.janitor.retry()
        log.info("asterisk_connected", asterisk=board.name)
        self.first.set()
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(self._look())
            taken = False
            async for message in messages:
                if taken := self._take(message):
                    break
            looking.cancel()
        self._reached_at = board.clock.now()
        return taken

    def _take(self, message: str | bytes) -> bool:
        """Acts on what is told; whether that is the last that will be."""
        try:
            event = parse_event(message)
        except RemoteProtocolError as error:
            log.warning("event_not_understood", asterisk=self._board.name, error=error.reason)
            return False
        if event is not None:
            self._facts.take(event)
        return isinstance(event, ApplicationReplaced)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(ARI_LOOK_S)
            try:
                await self._compare()
            except (Unavailable, AriRefused) as error:
                log.warning("asterisk_slow", asterisk=self._board.name, error=str(error))

    # --- beginning ---

    async def _leftovers(self) -> None:
        """What a node that died has left in our application is ended: nobody controls or records it any more. While no
        node listens nothing new comes in, so all that is there is old."""
        if self._began:
            return
        try:
            held = await self._board.link.get(requests.application(self._board.app), AriApplication.of)
        except AriRefused:
            return  # this Asterisk has never heard of it
        strays = [each for each in held.ari_channels | held.bridges if each.startswith(self._board.prefix)]
        legs = await self._legs()
        strays += [each.id for each in legs.values() if each.application == self._board.app and each.id not in strays]
        for stray in strays:
            self._board.over(stray)
        self._board.janitor.condemn(*strays)

    async def _set_up(self) -> None:
        board = self._board
        calls, devices = apps(board.app)
        await self._must(requests.filter_events(calls, disallowed=_UNHEARD))
        await self._must(requests.filter_events(devices, allowed=("PeerStatusChange",)))
        await self._must(requests.subscribe(devices, "endpoint:PJSIP"))
        board.near = await board.link.is_near()
        info = await board.link.get(requests.info(), AriInfo.of)
        if self._began and info.started_at != self._began:
            log.error("asterisk_restarted", asterisk=board.name)
            self._all_lost()
        self._began = info.started_at
        endpoints = await board.link.get(requests.every_endpoint(), lambda found: each_of(found, AriEndpoint.of))
        for fact in board.devices.all_are(endpoints):
            board.tell(fact)

    async def _must(self, request: AriRequest) -> None:
        try:
            await self._board.link.ask(request)
        except AriRefused as refused:
            raise Unavailable("switch", str(refused)) from refused

    # --- comparing ---

    async def _legs(self) -> dict[str, AriChannel]:
        found = await self._board.link.get(requests.every_leg(), lambda found: each_of(found, AriChannel.of))
        return {each.id: each for each in found}

    async def _compare(self) -> None:
        """Makes true here what is so at Asterisk, and there what should be."""
        board = self._board
        known = tuple((leg, leg.ari_id, leg.made) for leg in board.legs.values())
        owned, taps = frozenset(board.janitor.owned), self._taps.open_ones
        legs = await self._legs()
        async with self._wiring.lock:
            mixes = self._ears.open_mixes
            known_bridges = frozenset(board.janitor.owned)
            bridges = await board.link.get(requests.every_bridge(), lambda found: each_of(found, AriBridge.of))
            members = {each.id: frozenset(each.members) for each in bridges if each.id in known_bridges}
            await self._wiring.mend(members)
            await self._ears.follow()
        self._compare_legs(known, legs)
        self._taps.mend(taps, legs, members)
        self._ears.mend(mixes, members)
        strays = {*legs, *(each.id for each in bridges if each.id not in known_bridges)}
        self._sweep(stray for stray in strays if stray.startswith(board.prefix) and stray not in owned)
        board.others = sum(self._is_foreign(each) for each in legs.values())

    def _compare_legs(self, known: Iterable[tuple[Leg, str, bool]], legs: dict[str, AriChannel]) -> None:
        """`known`: each leg with its id at Asterisk, and whether it was there, before the list was asked for: one that has been
        made since, or made anew, is in no older list."""
        for leg, ari_id, made in known:
            if leg.ari_id != ari_id:
                continue
            found = legs.get(ari_id)
            if found is None and made:
                self._calls.has_gone(leg)
            elif found is not None and leg.ending is not None:
                self._board.work.spawn(self._calls.hang_up, leg, leg.ending)
            elif found is not None:
                self._calls.is_now(leg, found)
        for ari in legs.values():
            if ari.application != self._board.app or ari.id in self._board.by_ari or ari.id.startswith(self._board.prefix):
                continue
            if self._board.was_here(ari.id):
                self._board.janitor.condemn(ari.id)
            else:
                self._board.work.spawn(self._calls.arrived, ari, ari.arguments)

    def _sweep(self, strays: Iterable[str]) -> None:
        """Deletes what is named as ours and wanted by nobody."""
        for stray in strays:
            if stray not in self._board.by_ari and stray not in self._board.janitor.owned:
                self._board.janitor.condemn(stray)

    def _is_foreign(self, ari: AriChannel) -> bool:
        return (
            ari.technology in {"PJSIP", "UnicastRTP"}
            and ari.id not in self._board.by_ari
            and ari.id not in self._board.janitor.owned
        )

    # --- losing ---

    def _unreached(self, error: Unavailable | AriRefused) -> None:
        """Where nothing listens, calls are gone; who only does not answer may come to again."""
        log.error("asterisk_unreached", asterisk=self._board.name, error=str(error))
        waited = self._board.clock.now() - self._reached_at
        if isinstance(error, Disconnected) or waited > ARI_LOST_S:
            self._all_lost()

    def _all_lost(self) -> None:
        self._wiring.lost()
        self._taps.lost()
        self._ears.lost()
        self._board.janitor.owned.clear()
        for leg in tuple(self._board.legs.values()):
            self._calls.end(leg, leg.ending or EndCause.FAILED)
        for fact in self._board.devices.none_is_reached():
            self._board.tell(fact)
