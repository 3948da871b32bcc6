"""Says how a user agent presents itself to its peers, and how patient it is."""

from dataclasses import dataclass
from typing import Final

SDP: Final = "application/sdp"
ALLOWED: Final = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "NOTIFY", "REFER", "REGISTER")


@dataclass(frozen=True, slots=True, kw_only=True)
class SipOptions:
    """How a user agent presents itself, and its timers in seconds (RFC 3261 section 17.1.1.1, RFC 4028)."""

    host: str
    """The address peers reach us by: stands in Via and Contact. An IPv6 address without brackets."""
    user_agent: str = "Telegraphone"
    contact_user: str = ""
    contact_params: str = ""
    """Feature tags put after the Contact, such as `;+sip.srs`."""
    methods: tuple[str, ...] = ALLOWED
    supported: tuple[str, ...] = ("timer",)
    accept: tuple[str, ...] = (SDP,)
    """Body types we can read, for Accept and 415; a type in no list is refused only in INVITE and UPDATE."""
    understood: tuple[str, ...] = ()
    """Others that peers send for the same, read but not asked for."""
    session_expires_s: int = 1800
    """Asked for in every INVITE we send, and put on calls whose caller asks for nothing; 0: no session timers."""
    min_se_s: int = 90
    t1_s: float = 0.5
    t2_s: float = 4.0
    t4_s: float = 5.0
