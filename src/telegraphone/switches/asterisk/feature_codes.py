"""Recognizes feature codes: keys that a phone's user presses during a call to operate its recording (gws-api 8.6).

Asterisk makes such keys of a phone's record key too (`one_touch_recording` of its endpoint): it then presses, for the phone, the
digits that its `features.conf` names. No more keys are remembered than the longest code has, since keys may be card data.
"""

from collections.abc import Mapping

import structlog

from telegraphone.domain.phone_requests import RecordingAsked
from telegraphone.domain.recording import Trigger
from telegraphone.limits import FEATURE_CODE_KEY_S
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.leg import Leg

log = structlog.get_logger()


class FeatureCodes:
    """What keys do, on every leg of a board. No code may be part of another."""

    def __init__(self, board: Board, codes: Mapping[str, Trigger]) -> None:
        self._board = board
        self._codes = codes
        self._longest = max(map(len, codes), default=0)

    def pressed(self, leg: Leg, key: str, at: str) -> None:
        """The leg's phone has sent this key at this time of Asterisk's, by which one that is told twice is known; where it
        completes a code, the wish is told."""
        if not self._codes or not leg.phone or leg.key_at == at:
            return
        now = self._board.clock.now()
        before = leg.pressed if now - leg.pressed_at <= FEATURE_CODE_KEY_S else ""
        leg.pressed, leg.pressed_at, leg.key_at = (before + key)[-self._longest :], now, at
        for code, trigger in self._codes.items():
            if leg.pressed.endswith(code):
                leg.pressed = ""
                self._ask(leg, trigger)
                return

    def _ask(self, leg: Leg, trigger: Trigger) -> None:
        if self._board.crowded:
            log.error("feature_code_lost", asterisk=self._board.name, leg=leg.id, trigger=trigger.value)
            return
        self._board.tell(RecordingAsked(leg.id, trigger, ""))
