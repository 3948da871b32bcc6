"""What people ask for by their phones instead of on the desktop, in words that hold for every switch.

A switch that takes such a wish reports it as one of these facts and keeps the phone waiting; `request` is its own name for
the wish, by which it is told in the end what came of it (`Settle` in `call`); "" where the phone does not wait.
"""

from dataclasses import dataclass

from telegraphone.domain.ids import LegId
from telegraphone.domain.recording import Trigger


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """The party at this leg sends the call to a number."""

    leg: LegId
    number: str
    request: str


@dataclass(frozen=True, slots=True)
class TransferOfLegs:
    """The party at these two legs, each in a call of its own, connects the others and leaves."""

    leg: LegId
    other: LegId
    request: str


@dataclass(frozen=True, slots=True)
class RecordingAsked:
    """The party at this leg wants the recording of the call begun, paused, resumed or stopped."""

    leg: LegId
    trigger: Trigger
    request: str


PhoneRequest = TransferAsked | TransferOfLegs | RecordingAsked
