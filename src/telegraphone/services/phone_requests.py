"""Carries out what people ask for by their phones: the same operations, checks and events as by the API (gws-api 8.6).

Wishes are put into the calls' mailboxes at once, in the order in which the switch reports them: a phone that asks for a
transfer and hangs up is not to be overtaken by its own farewell.
"""

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from telegraphone.domain.agent import Feature
from telegraphone.domain.call import Call, Leg
from telegraphone.domain.errors import FeatureMissing, NotInState, Refusal
from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause
from telegraphone.domain.operations import TRIGGERS, Operation
from telegraphone.domain.phone_requests import PhoneRequest, RecordingAsked, TransferAsked, TransferOfLegs
from telegraphone.limits import RECORDER_ANSWER_S
from telegraphone.services.agents import Agents
from telegraphone.services.call_actor import Belongings, CallActor
from telegraphone.services.catalogue import By
from telegraphone.services.mailbox import Command
from telegraphone.services.ports import Unavailable
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.waiting import Limit

log = structlog.get_logger()

_OPERATIONS = {trigger: operation for operation, trigger in TRIGGERS.items()}


class PhoneRequests:
    """`actor_of` finds the owner of a leg's calls."""

    def __init__(self, world: Surroundings, agents: Agents, actor_of: Callable[[LegId], CallActor | None]) -> None:
        self._world = world
        self._agents = agents
        self._actor_of = actor_of
        self._merging: set[CallActor] = set()

    def obey(self, asked: PhoneRequest) -> Coroutine[None, None, None]:
        """Gives the wish to its call now; what is returned waits for the outcome and tells the phone, and never raises."""
        try:
            answer = self._submit(asked)
        except Refusal as refusal:
            answer = asyncio.get_running_loop().create_future()
            answer.set_exception(refusal)
        return self._settle(asked, answer)

    async def _settle(self, asked: PhoneRequest, answer: "asyncio.Future[None]") -> None:
        cause = None
        try:
            await answer
        except Refusal:
            cause = EndCause.DECLINED
        except Unavailable as error:
            log.error("phone_request_failed", leg=asked.leg, error=str(error))
            cause = EndCause.FAILED
        if not asked.request or (cause is None and not isinstance(asked, RecordingAsked)):
            # Who pressed keys does not wait; what becomes of a transfer is known later, and told by the call.
            return
        assert self._world.phone_answers is not None, "who takes phones' requests can answer them"
        try:
            await Limit(self._world.clock, RECORDER_ANSWER_S).answer(
                "switch", self._world.phone_answers.settle(asked.request, cause)
            )
        except Unavailable as error:
            log.error("phone_not_told", leg=asked.leg, error=str(error))

    def _submit(self, asked: PhoneRequest) -> "asyncio.Future[None]":
        actor, call, leg = self._find(asked.leg)
        match asked:
            case RecordingAsked(trigger=trigger):
                self._must_have_feature(leg)
                return actor.submit(self._command(_OPERATIONS[trigger], call, leg, asked))
            case TransferAsked(number=number):
                command = self._command(Operation.SINGLE_STEP_TRANSFER, call, leg, asked, number=number)
                return actor.submit(command)
            case TransferOfLegs(other=other):
                self._bring_together(actor, self._find(other)[0])
                command = self._command(Operation.COMPLETE_TRANSFER, call, leg, asked, other_leg=other)
                return actor.submit(command)

    def _find(self, leg_id: LegId) -> tuple[CallActor, Call, Leg]:
        """The call at this leg: the active one, else the one held most recently."""
        actor = self._actor_of(leg_id)
        calls = () if actor is None else actor.conversation.of(leg_id)
        if actor is None or not calls:
            raise NotInState("transfer", "the call is over")
        call = max(calls, key=lambda each: (each.leg(leg_id).active, each.leg(leg_id).held_at or 0.0))
        return actor, call, call.leg(leg_id)

    def _bring_together(self, actor: CallActor, other: CallActor) -> None:
        if actor is other:
            return
        if self._merging & {actor, other}:
            raise NotInState(Operation.COMPLETE_TRANSFER.value, "another transfer of these calls is under way")
        self._merging |= {actor, other}
        actor.absorb(other).add_done_callback(lambda done: self._merged(actor, other, done))

    def _merged(self, actor: CallActor, other: CallActor, done: "asyncio.Future[Belongings]") -> None:
        self._merging -= {actor, other}
        if not done.cancelled() and (error := done.exception()) is not None:
            # The transfer that comes next finds the two calls apart and is refused.
            log.error("calls_not_brought_together", error=str(error))

    def _command(
        self, operation: Operation, call: Call, leg: Leg, asked: PhoneRequest, *, number: str = "", other_leg: LegId | None = None
    ) -> Command:
        agent = self._world.directory.at(leg.number, call.tenant)
        by = By("phone", agent.user_name if agent is not None else "", leg.number)
        return Command(operation, call.uuid, leg.id, by, number=number, other_leg=other_leg, request=asked.request)

    def _must_have_feature(self, leg: Leg) -> None:
        """At a phone where nobody is signed in, there is nobody whose rights could be looked at (gws-api 8.6)."""
        agent = self._world.directory.at(leg.number)
        device = None if agent is None else self._agents.device(agent)
        if agent is not None and device is not None and device.signed_in and not agent.has(Feature.VOICE_RECORDING):
            raise FeatureMissing(Feature.VOICE_RECORDING.value)
