"""The server's side of Bayeux 1.0, with the acknowledge extension: what CometD clients speak to hear of changes."""

from telegraphone.wire.bayeux.line import Line, Owner, Transport
from telegraphone.wire.bayeux.server import BayeuxServer

__all__ = ["BayeuxServer", "Line", "Owner", "Transport"]
