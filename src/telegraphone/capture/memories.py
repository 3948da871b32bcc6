"""What one recording has in memory alone, because its order wants it: what comes before its start, and then before consent."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from telegraphone.capture.before_consent import BeforeConsent
from telegraphone.capture.before_start import BeforeStart
from telegraphone.capture.control import Order
from telegraphone.capture.lane import Lane
from telegraphone.capture.remembered import Remembered
from telegraphone.media.gate import Gate
from telegraphone.media.journal import CONSENT, JournalState
from telegraphone.media.memory import Memory, Room
from telegraphone.media.timeline import RATE


@dataclass(slots=True)
class Memories:
    """Each is there as long as something may come to it."""

    start: BeforeStart | None = None
    consent: BeforeConsent | None = None

    @classmethod
    def wanted(
        cls, order: Order, lanes: tuple[Lane, Lane], gate: Gate, drain: Callable[[Lane], int], room: Room, *, early: bool
    ) -> "Memories":
        """What an order wants; `early` when something was noted that keeps out what comes before the start."""

        def memory(reaches_s: float) -> Memory:
            return Memory(round(reaches_s * RATE), room, os.urandom(32))

        memories = cls()
        if order.before_s and not early:
            memories.start = BeforeStart(lanes, gate, memory(order.before_s), drain)
        if order.consent_s:
            memories.consent = BeforeConsent(lanes, gate, memory(order.consent_s), drain)
        return memories

    @property
    def now(self) -> Remembered | None:
        """The one that takes what comes now; None when that goes to the files."""
        return self.start or self.consent

    def keep_out(self, state: JournalState) -> frozenset[str]:
        """The reasons that keep audio out of memory too."""
        return state.shut_for - {CONSENT} if self.consent is not None else state.shut_for

    def started(self, state: JournalState) -> None:
        """The recording has started: it waits for consent, or has no need to."""
        if not state.awaits:
            self.consent = None

    def forget_start(self) -> None:
        """Nothing of what came before the start is there any more, nor comes."""
        if self.start is not None:
            self.start.forget()
            self.start = None

    def forget(self, now_ns: int) -> None:
        """Nothing is there any more, nor comes."""
        self.forget_start()
        if self.consent is not None:
            self.consent.forget(now_ns)
            self.consent = None
