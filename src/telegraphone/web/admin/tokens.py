"""API tokens over HTTP: everybody makes and ends the own ones, administrators see and end all of their contact centre."""

from collections.abc import Callable

from starlette.responses import Response

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.tokens import ApiToken
from telegraphone.limits import TOKEN_DAYS
from telegraphone.services.tokens import Tokens
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.recording_shapes import instant
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest


class TokenPages:
    """Handlers of `/tokens`. `on_end` is told of each token that is over."""

    def __init__(self, tokens: Tokens, on_end: Callable[[ApiToken], None]) -> None:
        self._tokens = tokens
        self._on_end = on_end

    async def get_all(self, request: ApiRequest) -> Response:
        """GET /tokens: those this user may see, without their secrets."""
        return answer(tokens=[_shape(each) for each in await self._tokens.of(request.agent)])

    async def post(self, request: ApiRequest) -> Response:
        """POST /tokens: a new one, whose text is in this answer and nowhere else ever."""
        scopes, days = request.required("scopes"), request.body.get("expiresInDays", TOKEN_DAYS)
        if not isinstance(scopes, list) or not all(isinstance(each, str) for each in scopes):
            raise ParameterInvalid("scopes")
        if not isinstance(days, int) or isinstance(days, bool):
            raise ParameterInvalid("expiresInDays")
        made, text = await self._tokens.make(request.agent, request.text("name"), scopes, days, request.origin)
        return answer(201, token={**_shape(made), "token": text})

    async def delete(self, request: ApiRequest) -> Response:
        """DELETE /tokens/{id}: nothing is done with it any more when this is answered."""
        self._on_end(await self._tokens.end(request.agent, request.path["id"], request.origin))
        return answer()


def _shape(token: ApiToken) -> Json:
    used = {"lastUsedAt": instant(token.used_at)} if token.used_at else {}
    return {
        "id": token.id,
        "name": token.name,
        "userName": token.user_name,
        "scopes": sorted(token.scopes),
        "createdAt": instant(token.created_at),
        "expiresAt": instant(token.expires_at),
        **used,
    }
