"""Recognizes feature codes: keys that a phone's user presses during a call to operate its recording (gws-api 8.6).

Keys are heard where they are signalled (RFC 4733, INFO), not as tones in the audio. They go on to the other parties and
into the recording all the same: only the last of them shows that they were a code. No more of them is remembered than
the longest code has, since keys may be card data. What came of it the phone's user hears (`signals`).
"""

from collections.abc import Mapping
from itertools import count

import structlog

from telegraphone.domain.phone_requests import RecordingAsked
from telegraphone.domain.recording import Trigger
from telegraphone.limits import FEATURE_CODE_KEY_S
from telegraphone.switches.exchange.leg import Leg
from telegraphone.switches.exchange.media_port import MediaPort
from telegraphone.switches.exchange.signals import Signal
from telegraphone.switches.exchange.switchboard import Switchboard

log = structlog.get_logger()


class FeatureCodes:
    """What keys do, on every leg of a switchboard. No code may be part of another."""

    def __init__(self, board: Switchboard, codes: Mapping[str, Trigger]) -> None:
        self._board = board
        self._codes = codes
        self._longest = max(map(len, codes), default=0)
        self._numbers = count(1)
        if codes:
            board.relay.on_key = self._heard

    def pressed(self, leg: Leg, key: str) -> None:
        """The leg's phone has sent this key; where it completes a code, the wish is told."""
        if not self._codes:
            return
        now = self._board.clock.now()
        before = leg.pressed if now - leg.pressed_at <= FEATURE_CODE_KEY_S else ""
        leg.pressed, leg.pressed_at = (before + key)[-self._longest :], now
        for code, trigger in self._codes.items():
            if leg.pressed.endswith(code):
                leg.pressed = ""
                self._ask(leg, trigger)
                return

    def _heard(self, port: MediaPort, key: str) -> None:
        leg = next((each for each in self._board.legs.values() if each.port is port), None)
        if leg is not None:
            self.pressed(leg, key)

    def _ask(self, leg: Leg, trigger: Trigger) -> None:
        if self._board.crowded:
            log.error("feature_code_lost", leg=leg.id, trigger=trigger.value)
            self._play(leg, Signal.REFUSED)
            return
        name = f"{leg.id}/code/{next(self._numbers)}"
        leg.asked[name] = lambda cause: self._play(leg, Signal.of(trigger) if cause is None else Signal.REFUSED)
        self._board.tell(RecordingAsked(leg.id, trigger, name))

    def _play(self, leg: Leg, signal: Signal) -> None:
        self._board.relay.hearing.play_signal(leg.port, signal)
