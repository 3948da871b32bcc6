"""Names the ways a message can go, so that the engine can say where without owning a socket."""

from dataclasses import dataclass

from telegraphone.wire.sip.uri import SipUri

DEFAULT_PORT = 5060
"""Of UDP and TCP (RFC 3261 section 19.1.2)."""

_TLS_PORT = 5061


@dataclass(frozen=True, slots=True)
class Flow:
    """One way to a peer: transport ("UDP", "TCP", "TLS"), address, and but for UDP the number of the connection.

    A flow of connections without a number means: any connection to that address, opened if there is none.
    """

    transport: str
    host: str
    port: int
    connection: int | None = None

    @property
    def reliable(self) -> bool:
        """Whether the transport itself repeats what gets lost."""
        return self.transport != "UDP"


@dataclass(frozen=True, slots=True)
class Transmission:
    """Bytes of one whole message (or keep-alive), and where they go."""

    data: bytes
    flow: Flow


def flow_to(uri: SipUri) -> Flow:
    """Where a URI leads without any look-up (RFC 3263 section 4 for addresses): its maddr or host, port, transport."""
    return Flow(uri.transport, (uri.param("maddr") or uri.host).strip("[]"), uri.port or default_port(uri.transport))


def default_port(transport: str) -> int:
    """The port of a transport where none is named (RFC 3261 section 19.1.2)."""
    return _TLS_PORT if transport == "TLS" else DEFAULT_PORT
