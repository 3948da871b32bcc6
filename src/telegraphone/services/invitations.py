"""Operations that bring a party in are answered when it is known whether the party can be reached.

A desktop that transfers a call to a number that is busy, or that nobody has, must hear so: the call is still the agent's.
So the answer waits until the new phone rings or the switch says why it does not, but no longer than any other answer.
"""

from telegraphone.domain.call import LegState
from telegraphone.domain.conversation import Conversation
from telegraphone.domain.errors import DestinationUnreachable, NotInState, ParameterInvalid, Refusal
from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegAnswered, LegEnded, LegFact, LegRinging
from telegraphone.domain.operations import Operation
from telegraphone.limits import RECORDER_ANSWER_S
from telegraphone.services.mailbox import AnswerDue, Asked, Command, Mailbox
from telegraphone.services.ports import Unavailable

ANSWERED_WHEN_IT_RINGS = frozenset({Operation.SINGLE_STEP_TRANSFER, Operation.SINGLE_STEP_CONFERENCE})
"""The operations that are about nothing but the new party. A consult is a call of its own, whose events tell its fate."""


class Invitations:
    """Who waits for an answer, by the leg it depends on."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._waiting: dict[LegId, Asked] = {}

    def expect(self, leg: LegId, asked: Asked) -> None:
        """The answer depends on this leg from now on."""
        self._waiting[leg] = asked
        self._mailbox.put_later(RECORDER_ANSWER_S, AnswerDue(leg))

    def happened(self, fact: LegFact, after: Conversation) -> bool:
        """Answers who waited for this fact, if anybody; says whether somebody did. `after` is what it led to."""
        if not isinstance(fact, LegRinging | LegAnswered | LegEnded):
            return False
        asked = self._waiting.pop(fact.leg, None)
        if asked is None:
            return False
        if isinstance(fact, LegEnded):
            asked.failed(_lost(asked.command, fact.cause, after))
        else:
            asked.done()
        return True

    def due(self, leg: LegId) -> None:
        """Nothing is known of the leg yet; it is being called, and events tell the rest."""
        asked = self._waiting.pop(leg, None)
        if asked is not None:
            asked.done()

    def close(self, *, over: bool = True) -> None:
        """Nobody waits here any longer: the calls are over and with them what was asked, or they go on elsewhere."""
        for leg, asked in tuple(self._waiting.items()):
            if over:
                asked.failed(Unavailable("call", "the call is over"))
            self.due(leg)


def _lost(command: Command, cause: EndCause, after: Conversation) -> Refusal:
    """Why the party did not come: because of the party, or because the call ended meanwhile."""
    state = after.call(command.call).leg(command.leg).state
    if state is LegState.RELEASED:
        return NotInState(command.operation.value, f"call state is '{state.value}'")
    if cause is EndCause.UNKNOWN_NUMBER:
        return ParameterInvalid("destination", f"Nobody has the number {command.number}")
    return DestinationUnreachable(command.number, cause.value)
