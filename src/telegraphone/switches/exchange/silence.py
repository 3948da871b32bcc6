"""Notices phones that have vanished in the middle of a call: no packet has come from them for too long.

A phone that holds the call, or has said that it sends nothing, may be silent. Any other sends packets all the time, with
silence in them when nobody speaks; one that stops has lost its power or its network.
"""

from collections.abc import Iterable

from telegraphone.switches.exchange.leg import Leg, Stage


class SilenceWatch:
    """Looks at all legs from time to time. `timeout_s`: how long a phone may send nothing."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._heard: dict[Leg, tuple[int, float]] = {}

    def vanished(self, legs: Iterable[Leg], now: float) -> list[Leg]:
        """The legs whose phone has been silent for too long by now (monotonic seconds)."""
        watched = [leg for leg in legs if _must_send(leg)]
        before, self._heard = self._heard, {}
        for leg in watched:
            received, since = before.get(leg, (-1, now))
            self._heard[leg] = (leg.port.received, since if received == leg.port.received else now)
        return [leg for leg in watched if now - self._heard[leg][1] >= self._timeout_s]


def _must_send(leg: Leg) -> bool:
    party = leg.port.party
    return leg.stage is Stage.ANSWERED and party is not None and party.sends and party.receives
