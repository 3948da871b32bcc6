"""Channels that hear what several legs' parties say: copies of a conference for the recorder, and supervisors' ears.

Theory. A `snoop` with `spy=in` hears one party and nobody else, whatever bridge its leg is in and comes to. So whoever shall
hear a conversation is put into a bridge of its own with one such snoop for each party. (A snoop that hears what a leg is sent,
`spy=out`, loses sound when the bridge changes its kind while that leg's phone is silent.) Who is to be heard by one party alone
is whispered: a snoop with `whisper=out` into that leg, in a bridge with a snoop on the speaker.
"""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.link import AriRefused
from telegraphone.wire.ari import requests
from telegraphone.wire.ari.requests import AriRequest, Direction


@dataclass(slots=True, eq=False)
class Listener:
    """A bridge in which one channel hears the snoops on these legs."""

    bridge: str
    snoops: dict[Leg, str] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[str, ...]:
        """What it is made of at Asterisk."""
        return (*self.snoops.values(), self.bridge)


class Snooping:
    """Makes snoops and the bridges they are heard in. What fails half-way leaves nothing behind."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def bridge(self) -> str:
        """A bridge of ours."""
        made = self._board.new_bridge_id()
        await self.make(requests.create_bridge(made), made)
        return made

    async def make(self, request: AriRequest, made: str) -> object:
        """Asks for something that will have this id. Raises `Unavailable`, and then it is cleared away."""
        self._board.janitor.owned.add(made)
        with ExitStack() as undo:
            undo.callback(self._board.janitor.condemn, made)
            try:
                found = await self._board.link.ask(request)
            except AriRefused as refused:
                raise Unavailable("switch", str(refused)) from refused
            undo.pop_all()
        return found

    async def listener(self, ari_id: str) -> Listener:
        """This channel hears nobody yet, in a bridge of its own."""
        with ExitStack() as undo:
            made = Listener(await self.bridge())
            undo.callback(self._board.janitor.condemn, made.bridge)
            await self.put(made.bridge, ari_id)
            undo.pop_all()
        return made

    async def put(self, bridge: str, *ari_ids: str) -> None:
        """Brings these into the bridge. Raises `Unavailable`."""
        if not await self._board.link.do(requests.add_to_bridge(bridge, *ari_ids)):
            raise Unavailable("switch", "what should be heard is gone")

    async def hear(self, listener: Listener, wanted: Iterable[Leg]) -> None:
        """From now on exactly these are heard. Who has ended meanwhile is left out."""
        legs = [leg for leg in wanted if leg.id in self._board.legs]
        over = [leg for leg in listener.snoops if leg not in legs]
        await self._board.janitor.delete(*map(listener.snoops.pop, over))
        for leg in legs:
            if leg not in listener.snoops:
                await self._hear_too(listener, leg)

    async def _hear_too(self, listener: Listener, leg: Leg) -> None:
        try:
            listener.snoops[leg] = await self.snoop(listener.bridge, leg)
        except Unavailable:
            if leg.id in self._board.legs:
                raise

    async def snoop(self, bridge: str, leg: Leg, *, whisper: bool = False) -> str:
        """A snoop on what the leg's party says, or one that whispers to it, in this bridge."""
        how: Mapping[str, Direction] = {"whisper": "out"} if whisper else {"spy": "in"}
        with ExitStack() as undo:
            made = await self._snoop(leg, how)
            undo.callback(self._board.janitor.condemn, made)
            await self.put(bridge, made)
            undo.pop_all()
        return made

    async def silent(self, leg: Leg) -> str:
        """A channel that says nothing, and lasts as long as the leg."""
        with ExitStack() as undo:
            made = await self._snoop(leg, {"spy": "in"})
            undo.callback(self._board.janitor.condemn, made)
            await self._board.link.do(requests.mute(made, on=True))
            undo.pop_all()
        return made

    async def _snoop(self, leg: Leg, how: Mapping[str, Direction]) -> str:
        made = self._board.new_id("snoop")
        with ExitStack() as undo, self._board.waits.start(made) as told:
            undo.callback(self._board.janitor.condemn, made)
            asked = requests.snoop(leg.ari_id, made, self._board.app, spy=how.get("spy"), whisper=how.get("whisper"))
            await self.make(asked, made)
            await self._board.waits.until(told)
            undo.pop_all()
        return made
