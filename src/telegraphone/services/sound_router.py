"""What is asked about the sound of a leg, and what a phone is told, goes to the switch it belongs to."""

from collections.abc import Callable
from typing import Protocol

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause
from telegraphone.services.ports import MediaAddress, MediaSource
from telegraphone.services.switch_ports import ConferenceTaps, LegMedia, Monitoring, PhoneAnswers, TapMutes


class LegSound(LegMedia, ConferenceTaps, TapMutes, Monitoring, Protocol):
    """All that a switch can do to the sound of its legs."""


class SoundRouter:
    """`LegMedia`, `ConferenceTaps`, `TapMutes` and `Monitoring` over several switches."""

    def __init__(self, of: Callable[[LegId], LegSound]) -> None:
        """`of` finds the leg's switch."""
        self._of = of

    async def hold_music(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        await self._of(leg).hold_music(leg, on)

    async def ring_tone(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        await self._of(leg).ring_tone(leg, on)

    async def mute(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        await self._of(leg).mute(leg, on)

    async def send_dtmf(self, leg: LegId, digits: str) -> None:
        """See `LegMedia`."""
        await self._of(leg).send_dtmf(leg, digits)

    async def fork_heard(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """See `ConferenceTaps`."""
        return await self._of(leg).fork_heard(leg, to)

    async def unfork_heard(self, leg: LegId) -> None:
        """See `ConferenceTaps`."""
        await self._of(leg).unfork_heard(leg)

    async def mute_tap(self, leg: LegId, on: bool, *, heard: bool = False) -> None:
        """See `TapMutes`."""
        await self._of(leg).mute_tap(leg, on, heard=heard)

    async def monitor(self, supervisor: LegId, monitored: LegId, audible_to: frozenset[LegId]) -> None:
        """See `Monitoring`. All of them are at one switch."""
        await self._of(supervisor).monitor(supervisor, monitored, audible_to)

    async def unmonitor(self, supervisor: LegId) -> None:
        """See `Monitoring`."""
        await self._of(supervisor).unmonitor(supervisor)


class AnswersRouter:
    """`PhoneAnswers` over several switches."""

    def __init__(self, of: Callable[[str], PhoneAnswers]) -> None:
        """`of` finds the switch whose phone asked."""
        self._of = of

    async def settle(self, request: str, cause: EndCause | None) -> None:
        """See `PhoneAnswers`."""
        await self._of(request).settle(request, cause)
