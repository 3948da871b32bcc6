"""Notifications to desktops over CometD: long-polling and WebSocket on one engine."""

from telegraphone.web.cometd.connections import CometdWebSocket, http_connections
from telegraphone.web.cometd.endpoint import Cometd
from telegraphone.web.cometd.gatekeeper import Gatekeeper, SignedIn
from telegraphone.web.cometd.notifications import Notifications
from telegraphone.web.cometd.short_way import ShortWay

__all__ = ["Cometd", "CometdWebSocket", "Gatekeeper", "Notifications", "ShortWay", "SignedIn", "http_connections"]
