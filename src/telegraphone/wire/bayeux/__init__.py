"""The server's side of Bayeux 1.0, with the acknowledge extension: what CometD clients speak to hear of changes."""

from telegraphone.wire.bayeux.server import BayeuxServer
from telegraphone.wire.bayeux.session import Line, Owner, Transport

__all__ = ["BayeuxServer", "Line", "Owner", "Transport"]
