"""What a phone's user sees of it and chooses about it."""

from dataclasses import dataclass
from enum import Enum


class PhoneState(Enum):
    """What the phone's user sees."""

    IDLE = "idle"
    CALLING = "calling"
    HEARS_RINGING = "the other phone rings"
    RINGING = "ringing"
    TALKING = "talking"
    HOLDING = "holding"


class CallFailed(Exception):
    """The other side was not reached; `status` is SIP's."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the call failed with {status}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneOptions:
    """How a phone behaves and how it reaches its exchange."""

    transport: str = "UDP"
    codecs: tuple[str, ...] = ("PCMU", "PCMA")
    """Best first; the voice's frames are of the first."""
    answers_after_s: float | None = None
    """Answers by itself after so long; None: by hand, or when it is asked to."""
    answers_on_talk: bool = True
    """Whether the exchange may take it off the hook (`Event: talk`)."""
    answers_when_told: bool = False
    """Whether it answers by itself a call that tells it to (`Call-Info: …;answer-after=0`)."""
    expires_s: int = 300
