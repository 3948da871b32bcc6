"""Decides whether a refused request is worth asking again, and with what in it."""

from collections.abc import Callable
from typing import Final

from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.digest import Credentials, answer_challenge
from telegraphone.wire.sip.fields import read_seconds
from telegraphone.wire.sip.message import Response
from telegraphone.wire.sip.pending import PendingRequest

_CHALLENGES: Final = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
_INTERVAL_TOO_SMALL: Final = 422
_ATTEMPTS_MAX: Final = 4
"""Tries of one request: a challenge, a stale nonce, an interval, a second challenger."""
_GLARE_ATTEMPTS_MAX: Final = 8
_INTERVAL_S_MAX: Final = 24 * 3600


def changes_for(
    pending: PendingRequest, response: Response, credentials: Credentials | None, cnonce: str
) -> list[tuple[str, str]]:
    """The fields to replace for another try; empty if there is nothing to try."""
    if pending.attempts >= _ATTEMPTS_MAX:
        return []
    if response.status in _CHALLENGES and credentials is not None:
        return _credentials_for(pending, response, credentials, cnonce)
    if response.status == _INTERVAL_TOO_SMALL:
        seconds = read_seconds(response.headers.get("Min-SE"))
        if seconds is not None and seconds <= _INTERVAL_S_MAX:
            # RFC 4028 section 7.3: ask for at least what the refusal names.
            return [("Session-Expires", str(seconds)), ("Min-SE", str(seconds))]
    return []


def _credentials_for(pending: PendingRequest, response: Response, credentials: Credentials, cnonce: str) -> list[tuple[str, str]]:
    """An answer to the challenge, unless it refuses the very answer we gave: then the password is wrong."""
    asked, given = _CHALLENGES[response.status]
    request = pending.request
    challenges = response.headers.lines(asked)
    if request is None:
        return []
    if request.headers.get(given) is not None and not any("stale=true" in text.lower() for text in challenges):
        return []
    answer = answer_challenge(challenges, credentials, request, cnonce)
    return [] if answer is None else [(given, answer)]


def glare_delay(pending: PendingRequest, dialog: Dialog, entropy: Callable[[int], bytes]) -> float | None:
    """Seconds to wait after 491, in steps of 10 ms: 2.1 to 4 for the side that made the Call-ID, 0 to 2 for the other
    (RFC 3261 section 14.1); None if it happened too often.
    """
    if pending.attempts >= _GLARE_ATTEMPTS_MAX:
        return None
    chance = int.from_bytes(entropy(2), "big")
    if dialog.is_caller:
        return 2.1 + (chance % 191) / 100
    return (chance % 201) / 100
