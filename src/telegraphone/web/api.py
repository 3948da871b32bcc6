"""Answers one request of the API: the checks in their fixed order, then the handler (gws-api 3.4).

Who asks; from which page; which URL and method; a body that is a JSON object. What comes after, attributes, features,
existence and state, is the handlers' and the use cases'. A refusal becomes an answer here and nowhere else.
"""

from starlette.requests import Request
from starlette.responses import Response

from telegraphone.web.auth import Auth, Principal
from telegraphone.web.gws.answers import answer, refuse
from telegraphone.web.gws.errors import UNKNOWN_URL, Refused, failure_of, method_not_allowed
from telegraphone.web.gws.requests import ApiRequest, read_body, understood
from telegraphone.web.origins import content_type_refusal
from telegraphone.web.routes import Handler, Match, RouteTable

_WITH_BODY = frozenset({"POST", "PUT"})


class Api:
    """The API's requests, from the first check to the answer."""

    def __init__(self, table: RouteTable, auth: Auth) -> None:
        self._table = table
        self._auth = auth

    def preflight(self, request: Request) -> Response:
        """The answer to OPTIONS, which browsers send without credentials."""
        match = self._table.find(request.scope["path"])
        if match is None:
            return refuse(UNKNOWN_URL)
        fields = {"Allow": ", ".join(match.route.methods), **self._auth.origins.preflight(request.headers)}
        return answer(200, fields)

    async def respond(self, request: Request) -> Response:
        """The answer to any other method."""
        try:
            principal = await self._auth.principal(request)
        except Exception as error:  # noqa: BLE001 -- as below
            return refuse(failure_of(error))
        response = await self._respond_to(principal, request)
        for name, value in self._auth.headers(principal, request.method).items():
            response.headers.setdefault(name, value)
        return response

    async def _respond_to(self, principal: Principal, request: Request) -> Response:
        try:
            self._auth.check(principal, request.method, request)
            match = self._table.find(request.scope["path"])
            handler = _handler(match, request.method)
            assert match is not None
            body = await self._body(principal, request) if request.method in _WITH_BODY else {}
            return await handler(ApiRequest(principal, match.path, request.query_params, body, request))
        except Exception as error:  # noqa: BLE001 -- the table of failures decides; whatever it does not know is a 500
            return refuse(failure_of(error))

    async def _body(self, principal: Principal, request: Request) -> dict[str, object]:
        body = await read_body(request)
        if principal.by_cookie:
            refusal = content_type_refusal(request.headers)
            if refusal is not None:
                raise Refused(refusal)
        return dict(understood(body))


def _handler(match: Match | None, method: str) -> Handler:
    if match is None:
        raise Refused(UNKNOWN_URL)
    handler = match.route.handlers.get(method)
    if handler is None:
        raise Refused(method_not_allowed(match.route.methods))
    return handler
