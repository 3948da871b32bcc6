"""Notifications to desktops over CometD: long-polling and WebSocket on one engine."""

from telegraphone.web.cometd.endpoint import Cometd
from telegraphone.web.cometd.gatekeeper import Gatekeeper, SignedIn
from telegraphone.web.cometd.notifications import Notifications

__all__ = ["Cometd", "Gatekeeper", "Notifications", "SignedIn"]
