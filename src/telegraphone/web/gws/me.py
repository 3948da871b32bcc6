"""The agent: who they are, their contact-centre session and their state (gws-api 5).

What the API calls a channel, voice or a kind of text, is a *medium* here: a channel is Bayeux's.
"""

from collections.abc import Callable

from starlette.responses import Response

from telegraphone.domain.agent import Agent, Feature
from telegraphone.domain.errors import NotFound, ParameterInvalid, ParameterMissing
from telegraphone.services.agents import Agents
from telegraphone.services.calls import Calls
from telegraphone.web.auth import Auth
from telegraphone.web.gws.answers import answer, partial
from telegraphone.web.gws.errors import Failure, Refused
from telegraphone.web.gws.representations import Json, Shapes
from telegraphone.web.gws.requests import ApiRequest, page
from telegraphone.web.gws.selection import Selection, chosen, selection

VOICE = "voice"
_NO_MEDIA = Failure(500, 4, "Interaction server connection is not opened")
_NEVER_UNDER_A_LIST = frozenset({"interactions", "chats"})


class Me:
    """Handlers of `/me` and `/me/channels`."""

    def __init__(self, shapes: Shapes, agents: Agents, calls: Calls, auth: Auth) -> None:
        self._shapes = shapes
        self._agents = agents
        self._calls = calls
        self._auth = auth

    async def get(self, request: ApiRequest) -> Response:
        """GET /me: the user, with the child collections that `subresources` names."""
        agent = request.agent
        user = self._shapes.user(agent)
        user |= self._children(agent, selection(request.query, "subresources"))
        return answer(user=user | self._shapes.user_end(agent))

    def _children(self, agent: Agent, wanted: Selection) -> Json:
        makers: dict[str, Callable[[], object]] = {
            "devices": lambda: self.devices(agent),
            "calls": lambda: [self._shapes.call(view) for view in self._calls.of(agent)],
            "features": lambda: self._shapes.features(agent),
            "channels": lambda: self.media(agent),
            "channelStates": lambda: self.media(agent),
            "skills": list,
            "settings": dict,
            "groups": list,
            "interactions": list,
            "chats": list,
        }
        if not wanted.everything:
            # The real server leaves these out of a list while it has no media server.
            makers = {name: make for name, make in makers.items() if name not in _NEVER_UNDER_A_LIST}
        return {name: make() for name, make in makers.items() if name in wanted}

    def devices(self, agent: Agent) -> list[Json]:
        """The agent's devices as resources: one, or none."""
        device = self._agents.device(agent)
        return [] if device is None else [self._shapes.device(device)]

    def media(self, agent: Agent) -> list[Json]:
        """The agent's media as resources: voice, at the device."""
        device = self._agents.device(agent)
        return [] if device is None else [self._shapes.voice(device)]

    async def post(self, request: ApiRequest) -> Response:
        """POST /me: starts or ends the contact-centre session, or sets the agent's state."""
        match request.operation():
            case "StartContactCenterSession":
                return await self._start(request)
            case "EndContactCenterSession":
                await self._agents.sign_out(request.agent)
                return answer(200, self._auth.end(request.principal, request.origin))
            case operation:
                return await self._set_state(request, operation)

    async def _start(self, request: ApiRequest) -> Response:
        media = _media(request)
        request.must_have(Feature.VOICE)
        if VOICE not in media:
            raise Refused(_NO_MEDIA)
        await self._agents.sign_in(request.agent)
        if media == {VOICE}:
            return answer()
        failed: Json = {"statusCode": _NO_MEDIA.status_code, "statusMessage": _NO_MEDIA.message, "channel": "multimedia"}
        return partial([failed], [{"statusCode": 0, "channel": VOICE}])

    async def _set_state(self, request: ApiRequest, operation: str) -> Response:
        if not self._agents.knows_state(operation):
            raise ParameterInvalid("operationName")
        await self._agents.set_state(request.agent, operation)
        return answer()

    async def get_media(self, request: ApiRequest) -> Response:
        """GET /me/channels."""
        wanted = selection(request.query, "fields")
        media = page(self.media(request.agent), request.query)
        if not wanted:
            return answer(uris=[self._shapes.links.uri(f"/me/channels/{VOICE}") for _ in media])
        return answer(channels=[chosen(each, wanted) for each in media])

    async def get_medium(self, request: ApiRequest) -> Response:
        """GET /me/channels/{channel}."""
        return answer(channel=self._medium(request))

    async def post_medium(self, request: ApiRequest) -> Response:
        """POST /me/channels/{channel}: sets the agent's state (gws-api 5.3)."""
        operation = request.operation()
        if not self._agents.knows_state(operation):
            raise ParameterInvalid("operationName")
        request.must_have(Feature.VOICE)
        self._medium(request)
        return await self._set_state(request, operation)

    def _medium(self, request: ApiRequest) -> Json:
        name = request.path["channel"]
        for medium in self.media(request.agent):
            if medium["channel"] == name:
                return medium
        raise NotFound("channel", name)


def _media(request: ApiRequest) -> set[str]:
    """The media a contact-centre session is asked for; at least one."""
    names = request.required("channels")
    if not isinstance(names, list):
        raise ParameterInvalid("channels")
    if not names:
        raise ParameterMissing("channels")
    if not all(isinstance(each, str) for each in names):
        raise ParameterInvalid("channels")
    return set(names)
