"""What waits for a second person, over HTTP: four eyes."""

from starlette.responses import Response

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.services.approvals import Approval, FourEyes
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.recording_shapes import instant
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest


class ApprovalPages:
    """Handlers of `/approvals`."""

    def __init__(self, four_eyes: FourEyes) -> None:
        self._four_eyes = four_eyes

    async def get_all(self, request: ApiRequest) -> Response:
        """GET /approvals: what this user may approve or take back, the oldest first, and ask for that is done to keys."""
        waiting = await self._four_eyes.waiting(request.agent, request.origin)
        key_deeds = [each.value for each in self._four_eyes.key_deeds(request.agent)]
        return answer(approvals=[_shape(each) for each in waiting], keyDeeds=key_deeds)

    async def ask(self, request: ApiRequest) -> Response:
        """POST /approvals: has a second person asked whether this may be done to keys, on the machine."""
        return answer(201, approval=_shape(await self._four_eyes.ask(request.agent, request.text("action"), request.origin)))

    async def post(self, request: ApiRequest) -> Response:
        """POST /approvals/{id}: approves it."""
        if request.operation() != "approve":
            raise ParameterInvalid("operationName")
        await self._four_eyes.approve(request.agent, request.path["id"], request.origin)
        return answer()

    async def delete(self, request: ApiRequest) -> Response:
        """DELETE /approvals/{id}: refuses it, or takes one's own back."""
        await self._four_eyes.drop(request.agent, request.path["id"], request.origin)
        return answer()


def _shape(each: Approval) -> Json:
    shown: Json = {"id": each.id, "action": each.action.value, "subject": each.subject, "userName": each.user_name}
    shown["dateTime"] = instant(each.asked_at)
    return shown | ({"approvedBy": each.approved_by} if each.approved_by else {})
