"""What agents are to be told of when a call's actor has done something."""

from dataclasses import dataclass

from telegraphone.domain.call import Told
from telegraphone.domain.ids import CallUuid


@dataclass(frozen=True, slots=True)
class Broken:
    """Everybody in this call who may record is to be told that its recording broke off."""

    call: CallUuid


@dataclass(frozen=True, slots=True)
class StillPaused:
    """Everybody in this call who may record is to be told that its recording has been paused for long."""

    call: CallUuid


News = Told | Broken | StillPaused
