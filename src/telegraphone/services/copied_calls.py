"""What is special about calls that are only copied to us: their clients describe them, may order recordings, and may copy
one conversation more than once.

A recording operation acts on every copy of a conversation that is being made now and has a party in common, the asked one
last: whoever is answered "paused" can rely on it that no other copy holds the card number (properties PCI-7). A copy that
cannot be paused makes the operation fail, and keeps no other from being paused (PCI-8). User data, by which a rule may pause
too, goes to the copies of the same call (`doubles`).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from telegraphone.domain.call import Call
from telegraphone.domain.errors import NotInState, Refusal
from telegraphone.domain.forked import is_seen
from telegraphone.domain.ids import CallUuid, LegId
from telegraphone.domain.legs import CopyDescribed, EndCause, Keeping, RecordingOrdered
from telegraphone.domain.operations import TRIGGERS, USER_DATA, Operation
from telegraphone.limits import RECORDER_ANSWER_S
from telegraphone.services.call_actor import CallActor
from telegraphone.services.catalogue import By
from telegraphone.services.doubles import Doubles, numbers
from telegraphone.services.mailbox import Command
from telegraphone.services.ports import Unavailable
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.waiting import Limit

log = structlog.get_logger()

_OPERATIONS: Final = {trigger: operation for operation, trigger in TRIGGERS.items()}
_LETS_IN: Final = {Operation.START_RECORDING, Operation.RESUME_RECORDING}


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
        self.doubles = Doubles(world, of_call)
        """Which copies agents see."""

    async def take(self, actor: CallActor, call: Call) -> None:
        """The copy is taken when what must be recorded is being recorded: then no word of it is lost, and a call that
        cannot be recorded here can be sent to another recorder."""
        await actor.begun.wait()
        calls = (each for each in actor.conversation.calls if each.uuid == call.uuid)
        recording = any(each.recording.in_progress for each in calls)
        if not recording and (call.copied is Keeping.ALWAYS or call.uuid in actor.unrecorded):
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

    def described(self, said: CopyDescribed) -> tuple[CallUuid, ...]:
        """A client has described a call. Answers which copies of a conversation may have become different by it."""
        actor, copies = self._of_leg(said.leg), self._world.copies
        if actor is None:
            return ()
        changed: dict[CallUuid, None] = {}
        for call in actor.conversation.of(said.leg):
            before = copies.companions(call.uuid)
            if said.over:
                self.doubles.ends(call)
            copies.told(call.uuid, said)
            self.doubles.described(actor, call, said)
            same = {party.number for party in said.parties if party.number} == numbers(call)
            if not is_seen(call) if said.over else same:
                continue
            if companions := (*before, *copies.companions(call.uuid)):
                changed |= dict.fromkeys((call.uuid, *companions))
        return tuple(changed)

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
        """Has a command obeyed; a recording operation by all copies that are being made of the conversation. What one copy
        fails in keeps another from letting audio in, but never from keeping it out; the first failure is raised when all
        have been asked."""
        actor = self._of_call(command.call)
        if actor is None:
            raise Unavailable("call", "the call is over")
        others, lets_in = self._others(actor, command), command.operation in _LETS_IN
        failed = await self._obeyed(others, command)
        if failed and lets_in:
            raise failed[0]
        try:
            await actor.ask(command)
        except (Refusal, Unavailable) as error:
            if lets_in:
                raise
            failed.append(error)
        # One that began meanwhile could not know of it.
        known = {each.uuid for each in others}
        failed += await self._obeyed([each for each in self._others(actor, command) if each.uuid not in known], command)
        if failed:
            raise failed[0]

    async def _obeyed(self, calls: list[Call], command: Command) -> list[BaseException]:
        """Has these copies obey; answers what failed."""
        results = await asyncio.gather(*(self._obey(each, command) for each in calls), return_exceptions=True)
        return [each for each in results if each is not None]

    def _others(self, actor: CallActor, command: Command) -> list[Call]:
        """The other copies that must obey too, as far as they have begun."""
        mine = next((numbers(each) for each in actor.conversation.calls if each.uuid == command.call), frozenset())
        found = self.doubles.companions(command.call)
        if command.operation in TRIGGERS:
            return [each for each in found if numbers(each) & mine]
        return [each for each in found if numbers(each) == mine and command.operation in USER_DATA]

    async def _obey(self, call: Call, command: Command) -> None:
        """Has another copy do what was asked of one."""
        actor = self._of_call(call.uuid)
        assert actor is not None, "it has just been asked for the call"
        if command.operation is Operation.START_RECORDING and call.copied is not Keeping.ALWAYS:
            return
        leg = next((each for each in call.talking if call.part is not None and each.id == call.part.leg), call.talking[0])
        # The asked one is waiting for this: an actor that has much to do must not keep its gate open.
        limit = Limit(self._world.clock, RECORDER_ANSWER_S)
        try:
            await limit.answer("call", actor.ask(replace(command, call=call.uuid, leg=leg.id)))
        except NotInState:
            # It is not being recorded, or as it should be already.
            return
