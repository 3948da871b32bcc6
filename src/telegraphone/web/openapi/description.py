"""Serves the description of the API to its users: made once, when all URLs are known."""

from collections.abc import Sequence

from starlette.responses import Response

from telegraphone.web.gws.answers import encode
from telegraphone.web.gws.requests import ApiRequest
from telegraphone.web.openapi.document import document
from telegraphone.web.routes import Route
from telegraphone.web.settings import WebSettings


class Description:
    """Handler of `/openapi.json`, whose answer is no answer of the API but a document."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._content = b""

    def describe(self, routes: Sequence[Route]) -> None:
        """Makes the description of these URLs, this one among them."""
        self._content = encode(document(routes, self._settings))

    async def get(self, _: ApiRequest) -> Response:
        """GET /openapi.json."""
        return Response(self._content, 200, {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-store"})
