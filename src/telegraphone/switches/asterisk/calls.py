"""How legs begin, ring, are answered and end: what is asked of Asterisk, and what it tells of it."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import Final

import structlog

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegAnswered, LegArrived, LegEnded, LegRinging
from telegraphone.services.ports import Caller, Unavailable
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.causes import NORMAL_CLEARING, Q850, cause_of_answered, cause_of_unanswered
from telegraphone.switches.asterisk.leg import Leg, Stage
from telegraphone.switches.asterisk.link import AriRefused
from telegraphone.wire.ari import requests
from telegraphone.wire.ari.resources import RINGING, UP, AriChannel

log = structlog.get_logger()

_ANSWER_NOW: Final[Mapping[str, str]] = MappingProxyType(
    {
        "PJSIP_HEADER(add,Alert-Info)": "<http://127.0.0.1>;info=alert-autoanswer;delay=0",
        "PJSIP_HEADER(add,Call-Info)": "<sip:answer>;answer-after=0",
        "PJSIP_HEADER(add,Answer-Mode)": "Auto",
    }
)
"""What phones of different makers read as "answer by yourself": the first two by custom, the last by RFC 5373."""

_CONGESTION: Final = 42
_NUMBER: Final = "{number}"
_TRUNK: Final = "trunk"
"""What the dialplan may say of where a call came from: then even an endpoint that is named like a number is no phone."""


class Calls:
    """The legs of one Asterisk, from their first to their last breath. `ended` hears of each that is over."""

    def __init__(self, board: Board, *, outbound: str, lifts: bool, ended: Callable[[Leg], None]) -> None:
        """`outbound`: the endpoint by which numbers are called that are no phone of ours, with `{number}` in it; "": none
        are. `lifts`: whether phones heed header fields that tell them to answer."""
        self._board = board
        self._outbound = outbound
        self._lifts = lifts
        self._ended = ended

    # --- what is asked ---

    def lead_to(self, number: str) -> bool:
        """See `Trunks`."""
        return bool(self._outbound) and self._board.devices.endpoint_of(number) is None

    async def originate(self, leg_id: LegId, number: str, caller: Caller, *, lift: bool) -> None:
        """See `Switch.originate`."""
        board = self._board
        if not board.listening:
            raise Unavailable("switch", "no events from Asterisk")
        own = board.devices.endpoint_of(number)
        if own is not None and not board.devices.is_online(number):
            board.tell(LegEnded(leg_id, EndCause.UNREACHABLE))
            return
        endpoint = f"PJSIP/{own}" if own is not None else self._outbound.replace(_NUMBER, _dialled(number))
        if not endpoint:
            board.tell(LegEnded(leg_id, EndCause.UNKNOWN_NUMBER))
            return
        leg = Leg(
            leg_id,
            number,
            board.new_id("leg"),
            arrived=False,
            phone=own is not None,
            endpoint=endpoint,
            caller=caller,
            lift=lift and self._lifts,
        )
        board.add(leg)
        try:
            await self._call(leg)
        except BaseException:
            # Who asked hears of it now, and of the leg nothing more.
            board.forget(leg)
            raise

    async def _call(self, leg: Leg) -> None:
        board = self._board
        shown = requests.shown_caller(leg.caller.number, leg.caller.display_name)
        variables = _ANSWER_NOW if leg.lift and leg.phone else {}
        with ExitStack() as undo:
            # A request whose answer is lost may have been heeded.
            undo.callback(board.janitor.condemn, leg.ari_id)
            try:
                await board.link.ask(requests.originate(leg.endpoint, leg.ari_id, board.app, shown, variables=variables))
            except AriRefused as refused:
                # What Asterisk cannot allocate is a phone that has just left, or a trunk that is down.
                log.info("not_called", asterisk=board.name, status=refused.status)
                self.end(leg, EndCause.UNREACHABLE if refused.status >= 500 else EndCause.FAILED)
            undo.pop_all()
        leg.made = True

    async def ring(self, leg: Leg) -> None:
        """See `Switch.ring`."""
        if leg.arrived and not leg.answered:
            await self._board.link.do(requests.ring(leg.ari_id))

    async def answer(self, leg: Leg) -> None:
        """See `Switch.answer`. A phone that rings is called anew with header fields that tell it to answer: its first call
        is taken back before, since it would find itself busy."""
        if leg.arrived:
            if not leg.answered and await self._board.link.do(requests.answer(leg.ari_id)):
                leg.stage = Stage.ANSWERED
        elif leg.stage is Stage.RINGING and self._can_answer(leg) and not leg.lift:
            before, leg.lift = leg.ari_id, True
            self._board.rename(leg, self._board.new_id("leg"))
            with self._board.waits.end(before) as told:
                if await self._board.link.do(requests.hang_up(before)):
                    await self._board.waits.until(told)
            if leg.id in self._board.legs and leg.ending is None:
                try:
                    await self._call(leg)
                except Unavailable:
                    self.end(leg, EndCause.FAILED)
                    raise

    def _can_answer(self, leg: Leg) -> bool:
        return leg.phone and self._lifts

    async def hang_up(self, leg: Leg, cause: EndCause) -> None:
        """See `Switch.hang_up`. When Asterisk cannot be asked now, it is asked again as soon as it is back."""
        if leg.ending is None:
            leg.ending = cause
        said = NORMAL_CLEARING if leg.answered or not leg.arrived else Q850[cause]
        await self._board.link.do(requests.hang_up(leg.ari_id, said))
        self.end(leg, leg.ending)

    # --- what is told ---

    async def arrived(self, ari: AriChannel, arguments: tuple[str, ...]) -> None:
        """The dialplan has handed over a call, with where it came from, if it says so, and the number that was dialled. Events
        can be late: it is looked whether the leg is still there."""
        board = self._board
        if not await board.link.is_there(ari.id) or ari.id in board.by_ari or board.was_here(ari.id):
            return
        if board.crowded:
            log.error("call_refused", asterisk=board.name, reason="the events are not read")
            await board.link.do(requests.hang_up(ari.id, _CONGESTION))
            return
        number = None if arguments[:1] == (_TRUNK,) else board.devices.number_of(ari.endpoint)
        leg = Leg(board.new_leg_id(), number or ari.ani, ari.id, arrived=True, phone=number is not None, made=True)
        board.add(leg)
        dialled = arguments[-1] if arguments and arguments[-1] else ari.exten
        board.tell(LegArrived(leg.id, leg.number, dialled, board.clock.now(), outside=not leg.phone))

    def rings(self, leg: Leg) -> None:
        """A called phone rings; that it is heard of once is enough."""
        if not leg.arrived and leg.stage is Stage.CALLING:
            leg.stage = Stage.RINGING
            self._board.tell(LegRinging(leg.id, self._can_answer(leg)))

    def is_answered(self, leg: Leg) -> None:
        """A called phone was answered, and the leg is in our hands."""
        if not leg.arrived and not leg.answered:
            if leg.stage is Stage.CALLING:
                self.rings(leg)
            leg.stage = Stage.ANSWERED
            self._board.tell(LegAnswered(leg.id))

    def has_gone(self, leg: Leg, cause: int = 0) -> None:
        """A leg is over, for this cause (Q.850) if one was said."""
        self.end(leg, leg.ending or self._cause(leg, cause or leg.cause))

    def _cause(self, leg: Leg, cause: int) -> EndCause:
        if leg.answered:
            return cause_of_answered(cause)
        return EndCause.CANCELLED if leg.arrived else cause_of_unanswered(cause)

    def end(self, leg: Leg, cause: EndCause) -> None:
        """The leg is over; whatever hung on it is cleared away."""
        if leg.id in self._board.legs:
            self._board.end(leg, cause)
            self._ended(leg)

    def is_now(self, leg: Leg, found: AriChannel) -> None:
        """What Asterisk says a leg is, in case an event got lost."""
        if leg.arrived:
            return
        if found.state == RINGING:
            self.rings(leg)
        elif found.state == UP and found.application == self._board.app:
            self.is_answered(leg)


def _dialled(number: str) -> str:
    """Without what has a meaning in the name of an endpoint."""
    return "".join(each for each in number if each.isalnum() or each in "+*#-._")
