"""What desktops ask for when they start and what is the same for everybody: least answers that let them go on (gws-api 5.4)."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from telegraphone.domain.agent import Agent, AgentState, Directory
from telegraphone.domain.errors import NotFound
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.representations import Json, Shapes, agent_state
from telegraphone.web.gws.requests import ApiRequest, page
from telegraphone.web.gws.selection import chosen, selection

Handler = Callable[[ApiRequest], Awaitable[Response]]

_SERVICES = (("Provisioning", "11d5b7a0-6f0a-5a2e-9a53-0d3c4c2f1b01"), ("Voice", "11d5b7a0-6f0a-5a2e-9a53-0d3c4c2f1b02"))


class StartUp:
    """Handlers of requests whose answer hardly depends on who asks."""

    def __init__(
        self, shapes: Shapes, directory: Directory, states: tuple[AgentState, ...], voice_works: Callable[[], Awaitable[bool]]
    ) -> None:
        self._shapes = shapes
        self._directory = directory
        self._states = [agent_state(state) for state in states]
        self._voice_works = voice_works

    async def agent_states(self, request: ApiRequest) -> Response:
        """GET /settings/agent-states."""
        return answer(settings=page(self._states, request.query))

    async def own_settings(self, _: ApiRequest) -> Response:
        """GET /internal-api/me/settings."""
        return answer(resources={"agentStates": self._states, "user": {"settings": []}})

    async def general_settings(self, _: ApiRequest) -> Response:
        """GET /settings/general-settings: no number plan is consulted."""
        return answer(settings={"countryCode": "", "countryDigits": "", "countryName": ""})

    async def business_attributes(self, _: ApiRequest) -> Response:
        """GET /internal-api/contact-center and /internal-api/business-attributes."""
        return answer(resources={"businessAttributes": []})

    async def services(self, request: ApiRequest) -> Response:
        """GET /services."""
        states = {"Provisioning": True, "Voice": await self._voice_works()}
        services: list[Json] = [
            {
                "id": service_id,
                "name": kind,
                "type": kind,
                "state": "Active" if states[kind] else "Inactive",
                **self._shapes.links.pair(f"/services/{service_id}"),
            }
            for kind, service_id in _SERVICES
        ]
        return _collection(request, "services", services)

    async def contacts(self, request: ApiRequest) -> Response:
        """GET /contacts: the agents of the contact centre."""
        return _collection(request, "contacts", [self._shapes.contact(agent) for agent in self._colleagues(request)])

    async def contact(self, request: ApiRequest) -> Response:
        """GET /contacts/{id}."""
        for agent in self._colleagues(request):
            if agent.id == request.path["id"]:
                return answer(contact=self._shapes.contact(agent))
        raise NotFound("contact", request.path["id"])

    def _colleagues(self, request: ApiRequest) -> tuple[Agent, ...]:
        return self._directory.agents(request.agent.tenant)

    async def version(self, _: ApiRequest) -> Response:
        """GET /diagnostics/version."""
        return answer(version="8.5.202.96" if self._shapes.modern else "8.5.100.00")

    async def accepted(self, request: ApiRequest) -> Response:
        """POST /internal-api/operations: user events of desktops, taken and ignored."""
        request.operation()
        return answer()


def nothing(name: str) -> Handler:
    """A handler of a collection we have nothing in."""

    async def handler(request: ApiRequest) -> Response:
        return _collection(request, name, [])

    return handler


def _collection(request: ApiRequest, name: str, items: list[Json]) -> Response:
    wanted = selection(request.query, "fields")
    shown = page(items, request.query)
    if not wanted:
        return answer(uris=[each["uri"] for each in shown])
    return answer(**{name: [chosen(each, wanted) for each in shown]})
