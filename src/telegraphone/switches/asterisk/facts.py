"""What each event from Asterisk means here: facts about legs, told once however often and late the event comes."""

from collections.abc import Mapping
from typing import Final

import structlog

from telegraphone.domain.legs import LegHeld, LegRetrieved
from telegraphone.domain.recording import Trigger
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.calls import Calls
from telegraphone.switches.asterisk.feature_codes import FeatureCodes
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.wiring import Wiring
from telegraphone.wire.ari.events import (
    ApplicationReplaced,
    AriDestroyed,
    AriEvent,
    DigitPressed,
    HangupRequested,
    HoldPressed,
    HoldReleased,
    PeerChanged,
    StasisEnded,
    StasisStarted,
    StateChanged,
)
from telegraphone.wire.ari.resources import RINGING

log = structlog.get_logger()

_SOFT: Final = 32
"""The cause of a hang-up that an application asked for; the true one comes with the end."""


class Facts:
    """Reads events for one Asterisk."""

    def __init__(self, board: Board, calls: Calls, wiring: Wiring, codes: Mapping[str, Trigger]) -> None:
        """`codes`: the keys by which phones ask for recording."""
        self._board = board
        self._wiring = wiring
        self._calls = calls
        self._codes = FeatureCodes(board, codes)

    def take(self, event: AriEvent) -> None:
        """Acts on one event."""
        match event:
            case StasisStarted():
                self._started(event)
            case PeerChanged(endpoint):
                for fact in self._board.devices.changed(endpoint):
                    self._board.tell(fact)
            case ApplicationReplaced():
                log.error("application_taken", asterisk=self._board.name, application=self._board.app)
            case _:
                if isinstance(event, StasisEnded | AriDestroyed):
                    self._board.waits.has_ended(event.ari.id)
                leg = self._board.by_ari.get(event.ari.id)
                if leg is not None:
                    self._about(leg, event)
                elif isinstance(event, StasisEnded | AriDestroyed):
                    self._board.over(event.ari.id)

    def _started(self, event: StasisStarted) -> None:
        ari = event.ari
        if self._board.waits.has_started(ari.id):
            return
        leg = self._board.by_ari.get(ari.id)
        if leg is not None:
            self._calls.is_answered(leg)
        elif ari.id.startswith(self._board.prefix):
            if ari.id not in self._board.janitor.owned:
                self._board.janitor.condemn(ari.id)
        elif not self._board.was_here(ari.id):
            self._board.work.spawn(self._calls.arrived, ari, event.arguments)

    def _about(self, leg: Leg, event: AriEvent) -> None:
        match event:
            case StateChanged(ari) if ari.state == RINGING:
                self._calls.rings(leg)
            case HangupRequested(_, cause) if cause != _SOFT and not leg.cause:
                leg.cause = cause
            case StasisEnded():
                self._calls.has_gone(leg)
            case AriDestroyed(_, cause):
                self._calls.has_gone(leg, cause)
            case HoldPressed() if leg.answered and not leg.held:
                self._holds(leg, on=True)
            case HoldReleased() if leg.held:
                self._holds(leg, on=False)
            case DigitPressed(_, digit, at):
                self._codes.pressed(leg, digit, at)
            case _:
                pass

    def _holds(self, leg: Leg, *, on: bool) -> None:
        leg.held = on
        self._board.tell(LegHeld(leg.id) if on else LegRetrieved(leg.id))
        self._board.work.spawn(self._wiring.follow_hold, leg)
