"""What is done to recordings over HTTP, one by one or many at once: protected, held, redacted, erased (gws-api 13.5)."""

from starlette.responses import Response

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.services.keeping import Keeping
from telegraphone.services.ports import Clock
from telegraphone.services.purposes import Purposes
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.evidence import EvidencePages
from telegraphone.web.gws.labels import LabelPages
from telegraphone.web.gws.redactions import RedactionPages
from telegraphone.web.gws.requests import ApiRequest


class RecordingOperations:
    """Handlers of POST `/recordings` and of POST and DELETE `/recordings/{id}`."""

    def __init__(
        self,
        uses: tuple[Keeping, Purposes],
        evidence: EvidencePages,
        redactions: RedactionPages,
        labels: LabelPages,
        clock: Clock,
    ) -> None:
        self._keeping, self._purposes = uses
        self._evidence = evidence
        self._redactions = redactions
        self._labels = labels
        self._clock = clock

    async def delete(self, request: ApiRequest) -> Response:
        """DELETE /recordings/{id}: nothing of it can be played or decrypted any more when this is answered."""
        await self._keeping.erase(request.agent, request.path["id"], request.origin, self._clock)
        return answer()

    async def post(self, request: ApiRequest) -> Response:
        """POST /recordings/{id}: protect it from deletion, hold it for a matter, and the contrary; take a span out of it, or
        out of its whole conversation; erase it for a reason that is kept; say what it is heard for."""
        agent, call_uuid, origin, operation = request.agent, request.path["id"], request.origin, request.operation()
        match operation:
            case "applyNonDelete" | "removeNonDelete":
                await self._keeping.protect(agent, call_uuid, origin, on=operation == "applyNonDelete")
            case "placeHold":
                await self._keeping.hold(agent, call_uuid, request.text("matter"), origin, self._clock)
            case "releaseHold":
                await self._keeping.release(agent, call_uuid, request.text("matter"), origin)
            case "erase":
                reason = request.text("reason")
                await self._keeping.erase(agent, call_uuid, origin, self._clock, reason=reason)
            case "statePurpose":
                await self._purposes.state(agent, call_uuid, request.text("purpose"), origin)
            case "redact":
                return await self._redactions.redact(request)
            case "redactConversation":
                return await self._redactions.redact_conversation(request)
            case _:
                raise ParameterInvalid("operationName")
        return answer()

    async def post_all(self, request: ApiRequest) -> Response:
        """POST /recordings: label many, hold all that a search finds, end a matter."""
        match request.operation():
            case "addLabel":
                return await self._labels.add_to_all(request)
            case "placeHold":
                return await self._evidence.hold_found(request)
            case "releaseHold":
                return await self._evidence.release_all(request)
            case _:
                raise ParameterInvalid("operationName")
