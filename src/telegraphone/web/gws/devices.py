"""The agent's devices: reading them, recording at them, and dialling from them (gws-api 6, 7.3, 8.6)."""

from starlette.responses import Response

from telegraphone.domain.agent import Agent, DeviceOperation, DeviceView, Feature
from telegraphone.domain.allowed import must_supervise
from telegraphone.domain.errors import NotFound, ParameterInvalid
from telegraphone.domain.operations import TRIGGERS
from telegraphone.domain.watching import BEGINNINGS, Scope, SupervisorOperation
from telegraphone.services.supervision import How, Supervision
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.calls import MyCalls, known_operation
from telegraphone.web.gws.representations import Shapes
from telegraphone.web.gws.requests import ApiRequest, dialable, page
from telegraphone.web.gws.selection import chosen, selection

DIAL = "Dial"
_BY_NAME = {operation.value: operation for operation in DeviceOperation}
_SUPERVISORS = {operation.value: operation for operation in SupervisorOperation}
_DEFAULTS = {"Scope": "Call", "Mode": "AllCalls"}
_ALL_CALLS = {"AllCalls": True, "NextCall": False}


class MyDevices:
    """Handlers of `/me/devices`, and of `/devices` for the agent's own."""

    def __init__(self, shapes: Shapes, supervision: Supervision, listing: MyCalls, *, recorded_numbers: frozenset[str]) -> None:
        self._shapes = shapes
        self._listing = listing
        self._supervision = supervision
        self._agents = supervision.agents
        self._calls = supervision.calls
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
        watching = _SUPERVISORS.get(request.operation())
        if watching is not None:
            return await self._supervise(request, watching)
        own = _BY_NAME.get(request.operation())
        return await (self._record(request) if own is None else self._operate(request, own))

    async def _operate(self, request: ApiRequest, operation: DeviceOperation) -> Response:
        forwards = operation is DeviceOperation.FORWARD_CALLS_ON
        destination = dialable(request.text("destination"), "destination") if forwards else ""
        request.must_have(Feature.VOICE)
        self._own(request.agent, request.path["id"])
        await self._agents.operate(request.agent, operation, destination)
        return answer()

    async def _supervise(self, request: ApiRequest, operation: SupervisorOperation) -> Response:
        listening = BEGINNINGS.get(operation)
        target = request.linked_id("targetDeviceUri") if listening is not None else ""
        how = _how(request)
        must_supervise(request.agent)
        self._own(request.agent, request.path["id"])
        if listening is not None:
            await self._supervision.begin(request.agent, listening, target, how)
        elif operation is SupervisorOperation.CANCEL:
            await self._supervision.end(request.agent)
        else:
            await self._supervision.silence(request.agent, known_operation(operation.value))
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


def _how(request: ApiRequest) -> How:
    """The two optional attributes of a watch."""
    given = {name: request.body.get(f"supervisorMonitoring{name}") for name in _DEFAULTS}
    scope, mode = (default if given[name] in (None, "") else given[name] for name, default in _DEFAULTS.items())
    if scope not in [each.value for each in Scope]:
        raise ParameterInvalid("supervisorMonitoringScope")
    if not isinstance(mode, str) or mode not in _ALL_CALLS:
        raise ParameterInvalid("supervisorMonitoringMode")
    return How(Scope(scope), _ALL_CALLS[mode])
