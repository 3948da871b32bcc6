"""What is known here of one leg at Asterisk: which phone, how far it is, and what its party is played."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause
from telegraphone.services.ports import Caller


class Stage(Enum):
    """How far a leg is."""

    CALLING = "calling"
    RINGING = "ringing"
    ANSWERED = "answered"


class Background(Enum):
    """What a party is played that hears nobody. SILENCE is a stream that others can be whispered into."""

    NOTHING = "nothing"
    MUSIC = "music"
    RINGING = "ringing"
    SILENCE = "silence"


@dataclass(slots=True, eq=False)
class Leg:
    """One leg. `phone` when it is that of a phone of ours and not of a trunk; `lift` when it shall answer by itself."""

    id: LegId
    number: str
    ari_id: str
    arrived: bool
    phone: bool = False
    endpoint: str = ""
    caller: Caller = Caller("")
    lift: bool = False
    stage: Stage = Stage.CALLING
    made: bool = False
    """Whether Asterisk has answered that it is there."""
    ending: EndCause | None = None
    """Why we have asked for its end."""
    cause: int = 0
    """Why Asterisk says it is about to end (Q.850)."""
    held: bool = False
    deaf: bool | None = False
    """Whether its party is sent nothing, because the phone holds; None: Asterisk was asked, and what came of it is not known."""
    muted: bool = False
    """Whether nobody is to hear its party."""
    unheard: bool | None = False
    """Whether nobody does; None as above."""
    music: bool = False
    ring_tone: bool = False
    playing: Background | None = Background.NOTHING
    """What its party is played; None as above."""
    unseen: bool = False
    """Whether its packets come to Asterisk and not to the recorder, which cannot take them from the kernel then."""
    tapping: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while its tap is opened, closed, or made another one."""
    pressed: str = field(default="", repr=False)
    """The newest keys of its phone that may become a feature code."""
    pressed_at: float = 0.0
    """When the last of them went down, monotonic seconds."""
    key_at: str = ""
    """The same in Asterisk's words."""
    bridge: str | None = None
    """The bridge in which its party hears others."""

    @property
    def answered(self) -> bool:
        """Whether it has media."""
        return self.stage is Stage.ANSWERED
