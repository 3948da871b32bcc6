"""The agent's devices: reading them, recording at them, and dialling from them (gws-api 6, 7.3, 8.6)."""

from starlette.responses import Response

from telegraphone.domain.agent import Agent, DeviceOperation, DeviceView, Feature
from telegraphone.domain.errors import NotFound, ParameterInvalid
from telegraphone.domain.operations import TRIGGERS
from telegraphone.services.agents import Agents
from telegraphone.services.calls import Calls
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.calls import MyCalls, known_operation
from telegraphone.web.gws.representations import Shapes
from telegraphone.web.gws.requests import ApiRequest, dialable, page
from telegraphone.web.gws.selection import chosen, selection

DIAL = "Dial"
_BY_NAME = {operation.value: operation for operation in DeviceOperation}


class MyDevices:
    """Handlers of `/me/devices`, and of `/devices` for the agent's own."""

    def __init__(
        self, shapes: Shapes, agents: Agents, calls: Calls, listing: MyCalls, *, recorded_numbers: frozenset[str]
    ) -> None:
        self._shapes = shapes
        self._listing = listing
        self._agents = agents
        self._calls = calls
        self._recorded_numbers = recorded_numbers

    async def get_all(self, request: ApiRequest) -> Response:
        """GET /me/devices: links, or with `fields` the devices."""
        wanted = selection(request.query, "fields")
        device = self._agents.device(request.agent)
        views = page([device] if device else [], request.query)
        if not wanted:
            return answer(uris=[self._shapes.links.uri(f"/devices/{view.device.id}") for view in views])
        return answer(devices=[chosen(self._shapes.device(view), wanted) for view in views])

    async def get(self, request: ApiRequest) -> Response:
        """GET /me/devices/{id}."""
        view = self._own(request.agent, request.path["id"])
        return answer(device=chosen(self._shapes.device(view), selection(request.query, "fields")))

    async def post(self, request: ApiRequest) -> Response:
        """POST /me/devices/{id}: where its calls go (gws-api 6.2), or a recording operation on the call it is in."""
        own = _BY_NAME.get(request.operation())
        return await (self._record(request) if own is None else self._operate(request, own))

    async def _operate(self, request: ApiRequest, operation: DeviceOperation) -> Response:
        forwards = operation is DeviceOperation.FORWARD_CALLS_ON
        destination = dialable(request.text("destination"), "destination") if forwards else ""
        request.must_have(Feature.VOICE)
        self._own(request.agent, request.path["id"])
        await self._agents.operate(request.agent, operation, destination)
        return answer()

    async def _record(self, request: ApiRequest) -> Response:
        operation = known_operation(request.operation())
        if operation not in TRIGGERS:
            raise ParameterInvalid("operationName")
        request.must_have(Feature.VOICE_RECORDING)
        self._own(request.agent, request.path["id"])
        await self._calls.operate_device(request.agent, operation)
        return answer()

    async def get_calls(self, request: ApiRequest) -> Response:
        """GET /me/devices/{id}/calls: an agent has one device, so these are the agent's calls."""
        self._own(request.agent, request.path["id"])
        return await self._listing.get_all(request)

    async def dial(self, request: ApiRequest) -> Response:
        """POST /me/devices/{id}/calls: rings the agent's phone, then the destination."""
        if request.operation() != DIAL:
            raise ParameterInvalid("operationName")
        destination = request.destination()
        user_data = request.user_data(required=False)
        request.must_have(Feature.VOICE)
        self._own(request.agent, request.path["id"])
        await self._calls.dial(request.agent, destination, user_data)
        return answer()

    async def get_settings(self, request: ApiRequest) -> Response:
        """GET /me/devices/{id}/settings/tserver: what the switch knows of the phone (gws-api 5.4):
        whether its calls are recorded from the start."""
        device = self._own(request.agent, request.path["id"]).device
        recorded = "true" if device.dn in self._recorded_numbers else "false"
        return answer(settings=[{"name": "record", "value": recorded}], key="name")

    def _own(self, agent: Agent, device_id: str) -> DeviceView:
        view = self._agents.device(agent)
        if view is None or view.device.id != device_id:
            raise NotFound("device", device_id)
        return view
