"""Evidence over HTTP: what a recording's pauses were, what is missing of it, and what is left of one that was erased."""

from collections.abc import Mapping

from starlette.responses import Response

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.services.evidence import Evidence, ReportKind
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.recording_shapes import instant
from telegraphone.web.gws.requests import ApiRequest
from telegraphone.web.gws.search import CRITERIA, search
from telegraphone.web.routes import Handler


class EvidencePages:
    """Handlers of what proves recordings, and the operations that hold many at once."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def report(self, kind: ReportKind) -> Handler:
        """GET /recordings/{id}/pauses and …/completeness: the signed document of each ended part, as it was signed."""

        async def get(request: ApiRequest) -> Response:
            found = await self._evidence.reports(request.agent, request.path["id"], kind, request.origin)
            return answer(
                reports=[
                    {"mediaFileId": media_file, "document": signed.content.decode(), "signature": signed.signature.decode()}
                    for media_file, signed in found
                ]
            )

        return get

    async def tombstone(self, request: ApiRequest) -> Response:
        """GET /recordings/{id}/tombstone: the signed statement of what was erased, when and by whom."""
        stone = await self._evidence.tombstone(request.agent, request.path["id"], request.origin)
        return answer(
            tombstone={
                "id": stone.call_uuid,
                "dateTime": instant(stone.erased_at),
                "document": stone.statement,
                "signature": stone.signature,
            }
        )

    async def hold_found(self, request: ApiRequest) -> Response:
        """The operation `placeHold` of POST /recordings: all that these criteria find, however many."""
        matter, asked = request.text("matter"), search(request.agent.user_name, criteria(request))
        query = asked.query(request.agent.tenant)
        found, held = await self._evidence.hold_found(request.agent, query, matter, request.origin)
        return answer(found=found, held=held)

    async def release_all(self, request: ApiRequest) -> Response:
        """The operation `releaseHold` of POST /recordings: the matter is over."""
        return answer(released=await self._evidence.release_all(request.agent, request.text("matter"), request.origin))


def criteria(request: ApiRequest) -> Mapping[str, str]:
    """What is searched for, all of it known: a criterion that was misspelt must not mean more than was meant."""
    given = request.required("criteria")
    if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
        raise ParameterInvalid("criteria")
    for name in given:
        if name not in CRITERIA:
            raise ParameterInvalid("criteria", f"there is none of the name {name}")
    return given
