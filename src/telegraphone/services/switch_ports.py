"""What only some switches can do, each as a port of its own: a switch without it stays valid and offers agents less."""

from typing import Protocol

from telegraphone.domain.ids import LegId
from telegraphone.services.ports import MediaAddress, MediaSource


class LegMedia(Protocol):
    """What a switch does to the sound of one leg, apart from `Switch` because not every switch can. A switch that has it
    may offer `Ability.HOLD`, `MUTE`, `SEND_DTMF` and `TRANSFER`. Unknown legs are ignored; `Unavailable("switch")` as there."""

    async def hold_music(self, leg: LegId, on: bool) -> None:
        """The leg's party hears music while it hears nobody else, or no longer."""

    async def mute(self, leg: LegId, on: bool) -> None:
        """Nobody hears the leg's party, who still hears the others; or they are heard again."""

    async def send_dtmf(self, leg: LegId, digits: str) -> None:
        """Plays keypad digits (0-9 * # A-D) to the leg's party. They are not logged."""


class ConferenceTaps(Protocol):
    """Copies of what a switch sends to a leg: all the others of a conference in one stream. A switch that has it may
    offer `Ability.CONFERENCE`."""

    async def fork_heard(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """Sends a copy of all RTP sent to the leg's party to the address until the leg ends or `unfork_heard`."""

    async def unfork_heard(self, leg: LegId) -> None:
        """Ends the copy; unknown legs are ignored."""
