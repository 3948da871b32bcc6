"""The CometD endpoint as the web server mounts it: one application for both transports; the URL tells it nothing."""

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from telegraphone.web.cometd.gatekeeper import Gatekeeper
from telegraphone.web.cometd.longpolling import LongPolling
from telegraphone.web.cometd.notifications import Notifications
from telegraphone.web.cometd.websocket import CometdSocket, deny


class Cometd:
    """An ASGI application for scopes of the types `http` and `websocket`."""

    def __init__(self, notifications: Notifications, gatekeeper: Gatekeeper) -> None:
        self._websocket_offered = notifications.websocket
        self._long_polling = LongPolling(notifications, gatekeeper)
        self._socket = CometdSocket(notifications, gatekeeper)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket."""
        if scope["type"] == "http":
            await self._long_polling(scope, receive, send)
        elif self._websocket_offered:
            await self._socket(scope, receive, send)
        else:
            await deny(WebSocket(scope, receive, send), JSONResponse({"statusCode": 6, "statusMessage": "Not found"}, 404))
