"""Holds what the parts of one user agent share: how it presents itself, its timers, and what waits to go out."""

from collections.abc import Callable, Mapping
from typing import Final

from telegraphone.wire.sip.deadlines import Deadlines
from telegraphone.wire.sip.events import SipEvent
from telegraphone.wire.sip.fields import BRANCH_COOKIE
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.transport import Flow, Transmission, default_port
from telegraphone.wire.sip.uri import NameAddr, SipUri, parse_params

_TOKEN_BYTES: Final = 9
"""72 bits: unguessable, and more than the 32 that section 19.3 asks of a tag."""


class UserAgentState:
    """The common ground of client and server side."""

    __slots__ = ("_host", "deadlines", "entropy", "events", "options", "outbox", "ports")

    def __init__(self, options: SipOptions, ports: Mapping[str, int], entropy: Callable[[int], bytes]) -> None:
        self.options = options
        self.ports = ports
        self.entropy = entropy
        self.deadlines = Deadlines()
        self.events: list[SipEvent] = []
        self.outbox: list[Transmission] = []
        self._host = f"[{options.host}]" if ":" in options.host else options.host

    def send(self, data: bytes, flow: Flow) -> None:
        """Put bytes in the outbox."""
        self.outbox.append(Transmission(data, flow))

    def token(self) -> str:
        """A fresh tag or the unique part of a Call-ID or branch."""
        return self.entropy(_TOKEN_BYTES).hex()

    def via(self, flow: Flow) -> str:
        """A Via with a fresh branch for a request on this way; rport always asked for (RFC 3581 section 3)."""
        port = self.ports.get(flow.transport, default_port(flow.transport))
        return f"SIP/2.0/{flow.transport} {self._host}:{port};rport;branch={BRANCH_COOKIE}{self.token()}"

    def contact(self, flow: Flow) -> NameAddr:
        """Our Contact as a peer on this way is to reach us."""
        port = self.ports.get(flow.transport, default_port(flow.transport))
        params = (("transport", flow.transport.lower()),) if flow.transport != "UDP" else ()
        uri = SipUri(self._host, self.options.contact_user, port, params=params)
        tags = self.options.contact_params
        return NameAddr(uri, params=parse_params(tags) if tags else ())
