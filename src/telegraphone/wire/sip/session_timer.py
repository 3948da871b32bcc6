"""Agrees how long a call may live without a sign of life, and who gives it (RFC 4028)."""

from dataclasses import dataclass
from typing import Final

from telegraphone.wire.sip.fields import SessionExpires, read_seconds
from telegraphone.wire.sip.headers import Headers

_FLOOR_S: Final = 90
"""The smallest interval the RFC allows (section 4)."""


@dataclass(frozen=True, slots=True)
class SessionTimer:
    """What two sides agreed on: the interval in seconds, and whether it is us who refresh."""

    interval_s: int
    we_refresh: bool

    @property
    def slack_s(self) -> float:
        """How long before its end a session is given up: min(32, interval/3) seconds (section 10)."""
        return min(32.0, self.interval_s / 3)


def interval_too_small(headers: Headers, min_se_s: int) -> bool:
    """Whether a request's interval is to be refused with 422 (section 9): only if its sender understands timers."""
    asked = SessionExpires.of(headers)
    return asked is not None and asked.seconds < min_se_s and "timer" in headers.tokens("Supported")


def agree_as_server(headers: Headers, wanted_s: int) -> tuple[SessionTimer, SessionExpires, bool] | None:
    """What to put on our 2xx to a request with these fields: timer, Session-Expires, and whether to require `timer`.

    Table 2 of section 9: the client's choice of refresher stands; where it leaves the choice, it refreshes if it
    can; where it knows no timers, we do. `wanted_s` is used if the request names no interval; 0: then no timer.
    """
    asked = SessionExpires.of(headers)
    knows = "timer" in headers.tokens("Supported")
    seconds = asked.seconds if asked is not None else wanted_s
    if seconds <= 0:
        return None
    minimum = read_seconds(headers.get("Min-SE")) or 0
    if asked is None:
        seconds = max(seconds, minimum)
    seconds = max(seconds, _FLOOR_S)
    refresher = (asked.refresher if asked is not None else "") or "uac"
    if not knows:
        refresher = "uas"
    return SessionTimer(seconds, refresher == "uas"), SessionExpires(seconds, refresher), refresher == "uac"


def agree_as_client(headers: Headers) -> SessionTimer | None:
    """What a 2xx to our request says; None: no timer runs (section 7.2). Unnamed refresher: us."""
    said = SessionExpires.of(headers)
    if said is None:
        return None
    return SessionTimer(max(said.seconds, _FLOOR_S), said.refresher != "uas")
