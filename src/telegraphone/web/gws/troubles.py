"""Calls that were to be recorded and of which no whole recording is kept: for those who watch over them (properties REC-1)."""

from starlette.responses import Response

from telegraphone.domain.permissions import Action, extends_to
from telegraphone.services.library import Library
from telegraphone.services.reconciliation import Reconciliation
from telegraphone.services.troubles import Trouble
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.recording_shapes import instant
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest


class TroublePages:
    """Handler of `/reconciliation`."""

    def __init__(self, library: Library, reconciliation: Reconciliation) -> None:
        self._library = library
        self._reconciliation = reconciliation

    async def get(self, request: ApiRequest) -> Response:
        """GET /reconciliation: what is not as it should be. Who answers for some teams sees what is listed of theirs; whose a
        call was of which nothing is listed, nobody knows."""
        agent = request.agent
        within = await self._library.must_reach(agent, Action.WATCH_OVER, "", request.origin)
        shown = [each for each in self._reconciliation.troubles.of(agent.tenant) if await self._extends_to(within, each)]
        return answer(waiting=self._reconciliation.waiting(agent.tenant), troubles=[_shape(each) for each in shown])

    async def _extends_to(self, within: frozenset[str] | None, trouble: Trouble) -> bool:
        if within is None:
            return True
        parts = await self._library.catalogue.parts_of_call(trouble.tenant, trouble.call_uuid)
        return extends_to(within, (part.user_name for part in parts))


def _shape(trouble: Trouble) -> Json:
    return {
        "callUuid": trouble.call_uuid,
        "problem": trouble.problem.name.lower(),
        "text": trouble.problem.value,
        "dateTime": instant(trouble.told_at),
    }
