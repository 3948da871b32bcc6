"""What is special about calls that are only copied to us: their clients describe them, may order recordings, and may copy
one conversation more than once.

A recording operation acts on every copy of a conversation that is being made now and has a party in common, the asked one
last: whoever hears "paused" can rely on it that no other copy holds the card number (properties PCI-7).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from telegraphone.domain.call import Call
from telegraphone.domain.errors import NotInState, Refusal
from telegraphone.domain.ids import CallUuid, LegId
from telegraphone.domain.legs import CopyDescribed, EndCause, Keeping, RecordingOrdered
from telegraphone.domain.operations import TRIGGERS, Operation
from telegraphone.limits import RECORDER_ANSWER_S
from telegraphone.services.call_actor import CallActor
from telegraphone.services.catalogue import By
from telegraphone.services.mailbox import Command
from telegraphone.services.ports import Unavailable
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.waiting import Limit

log = structlog.get_logger()

_OPERATIONS: Final = {trigger: operation for operation, trigger in TRIGGERS.items()}


class CopiedCalls:
    """`of_leg` and `of_call` find the owner of a leg's or call's state."""

    def __init__(
        self,
        world: Surroundings,
        of_leg: Callable[[LegId], CallActor | None],
        of_call: Callable[[CallUuid], CallActor | None],
    ) -> None:
        self._world = world
        self._of_leg = of_leg
        self._of_call = of_call

    async def take(self, actor: CallActor, call: Call) -> None:
        """The copy is taken when what must be recorded is being recorded: then no word of it is lost, and a call that
        cannot be recorded here can be sent to another recorder."""
        await actor.begun.wait()
        calls = (each for each in actor.conversation.calls if each.uuid == call.uuid)
        recording = any(each.recording.in_progress for each in calls)
        if call.copied is Keeping.ALWAYS and not recording:
            await self.turn_away(call.caller.id)
            return
        try:
            await Limit(self._world.clock, RECORDER_ANSWER_S).answer("switch", self._world.switch.answer(call.caller.id))
        except Unavailable as error:
            log.error("copy_not_taken", call=call.uuid, error=str(error))

    async def turn_away(self, leg: LegId) -> None:
        """A call that cannot be taken in is ended where it came from."""
        limit = Limit(self._world.clock, RECORDER_ANSWER_S)
        try:
            await limit.answer("switch", self._world.switch.hang_up(leg, EndCause.FAILED))
        except Unavailable as error:
            log.error("leg_left_behind", leg=leg, error=str(error))

    def described(self, said: CopyDescribed) -> None:
        """A client has described a call."""
        actor = self._of_leg(said.leg)
        for call in () if actor is None else actor.conversation.of(said.leg):
            self._world.copies.told(call.uuid, said)

    async def ordered(self, order: RecordingOrdered) -> None:
        """A client has a recording begun, paused, resumed or stopped: that of the agent, where there is one."""
        actor = self._of_leg(order.leg)
        for call in () if actor is None else actor.conversation.of(order.leg):
            agents = (leg for leg in call.talking if self._world.directory.at(leg.number) is not None)
            leg = next(agents, call.leg(order.leg))
            command = Command(_OPERATIONS[order.trigger], call.uuid, leg.id, By("policy", phone_number=leg.number))
            try:
                await self.operate(command)
            except (Refusal, Unavailable) as error:
                log.error("recording_order_failed", call=call.uuid, operation=command.operation.value, error=str(error))

    async def operate(self, command: Command) -> None:
        """Has a command obeyed; a recording operation by all copies that are being made of the conversation."""
        actor = self._of_call(command.call)
        if actor is None:
            raise Unavailable("call", "the call is over")
        if command.operation in TRIGGERS:
            mine = _call_of(actor, command.call)
            companions = self._world.copies.companions(command.call)
            await asyncio.gather(*(self._mirrored(uuid, mine, command) for uuid in companions))
        await actor.ask(command)

    async def _mirrored(self, uuid: CallUuid, asked: Call | None, command: Command) -> None:
        actor = self._of_call(uuid)
        call = None if actor is None else _call_of(actor, uuid)
        if actor is None or call is None or asked is None or not _numbers(call) & _numbers(asked):
            return
        if command.operation is Operation.START_RECORDING and call.copied is not Keeping.ALWAYS:
            return
        leg = next((each for each in call.talking if call.part is not None and each.id == call.part.leg), call.talking[0])
        try:
            await actor.ask(replace(command, call=uuid, leg=leg.id, key=""))
        except NotInState:
            # It is not being recorded, or as it should be already.
            return


def _call_of(actor: CallActor, uuid: CallUuid) -> Call | None:
    return next((each for each in actor.conversation.calls if each.uuid == uuid), None)


def _numbers(call: Call) -> set[str]:
    return {leg.number for leg in call.talking if leg.number}
