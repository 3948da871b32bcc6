"""Keypad digits as SIP requests, for a phone that takes no RTP events: INFO with application/dtmf-relay, one key each.

No RFC has this body; phones and gateways have agreed on it (RFC 6086 section 1 calls it a legacy usage). Requests of one
phone go one after the other with the pace of fingers, since nothing else keeps them in order.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from telegraphone.limits import KEYS_WAITING_MAX
from telegraphone.switches.exchange.leg import Leg
from telegraphone.switches.exchange.switchboard import Switchboard
from telegraphone.wire.errors import LocalProtocolError
from telegraphone.wire.sip.commands import InDialogRequest

_STEP_S: Final = 0.25
_DURATION_MS: Final = 160
_TYPE: Final = "application/dtmf-relay"


class KeyRequests:
    """The keys that wait for each leg of the switchboard. `request` sends."""

    def __init__(self, board: Switchboard, request: Callable[[InDialogRequest], object]) -> None:
        self._board = board
        self._request = request
        self._waiting: dict[Leg, deque[str]] = {}

    def press(self, leg: Leg, digits: str) -> bool:
        """Adds digits behind those that wait; False when there are too many."""
        waiting = self._waiting.get(leg)
        if len(waiting or ()) + len(digits) > KEYS_WAITING_MAX:
            return False
        if waiting is None:
            self._waiting[leg] = deque(digits.upper())
            self._next(leg)
        else:
            waiting.extend(digits.upper())
        return True

    def _next(self, leg: Leg) -> None:
        waiting, dialog = self._waiting[leg], leg.dialog
        if not waiting or dialog is None or dialog not in self._board.by_dialog:
            del self._waiting[leg]
            return
        body = f"Signal={waiting.popleft()}\r\nDuration={_DURATION_MS}\r\n".encode()
        with suppress(LocalProtocolError):  # too much is in flight, and a key that comes late is worse than none
            self._request(InDialogRequest(dialog=dialog, method="INFO", body=body, content_type=_TYPE))
        asyncio.get_running_loop().call_later(_STEP_S, self._next, leg)
