"""Stands before whoever hears of pauses that last too long, and counts them."""

from telegraphone.services.pause_alarms import LongPause, PauseAlarms
from telegraphone.telemetry.metrics import Metrics


class CountedPauseAlarms:
    """`PauseAlarms` that does what the one behind it does."""

    def __init__(self, alarms: PauseAlarms, metrics: Metrics) -> None:
        self._alarms = alarms
        self._metrics = metrics

    def raise_alarm(self, pause: LongPause) -> None:
        """See `PauseAlarms.raise_alarm`."""
        self._metrics.pause_alarms.inc()
        self._alarms.raise_alarm(pause)
