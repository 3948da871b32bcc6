"""What a supervisor wants of an agent's calls, and what a supervisor's ear in one call is: the words of monitoring.

Theory. A supervisor who *watches* an agent is rung for each of the agent's calls (or the next one), and is then in that call
with an *ear*: nobody hears them (listening in), the agent alone does (coaching), or everybody does (barging in). An ear is
no party: it keeps no call alive, is not recorded and is not shown among the participants, until it barges in.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from telegraphone.domain.ids import Dn, LegId


class Listening(Enum):
    """How a supervisor is in a call; the value is the API's word (gws-api 6.2)."""

    LISTEN_IN = "ListenIn"
    COACH = "Coach"
    BARGE_IN = "BargeIn"


class Scope(Enum):
    """How long: until the call ends, whoever has it then, or while the agent is in it."""

    CALL = "Call"
    AGENT = "Agent"


class SupervisorOperation(Enum):
    """What a supervisor can ask of the own device, by its name in the API (gws-api 6.1, 6.2)."""

    LISTEN_IN = "ListenIn"
    BARGE_IN = "BargeIn"
    COACH = "Coach"
    CANCEL = "CancelSupervisorMonitoring"
    MUTE_MONITORED_USER = "MuteMonitoredUser"
    UNMUTE_MONITORED_USER = "UnmuteMonitoredUser"


BEGINNINGS: Final = {
    SupervisorOperation.LISTEN_IN: Listening.LISTEN_IN,
    SupervisorOperation.COACH: Listening.COACH,
    SupervisorOperation.BARGE_IN: Listening.BARGE_IN,
}
"""The operations that begin a watch; the others are about one that there is."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A supervisor's wish: in which calls of the agent at `target` (a number; `target_device` is its device's id)."""

    supervisor: Dn
    target: Dn
    target_device: str
    listening: Listening
    scope: Scope = Scope.CALL
    all_calls: bool = True


@dataclass(frozen=True, slots=True)
class Ear:
    """A supervisor's place in one call. `monitored` is the leg listened to; `coached` is whether the supervisor went from
    coaching back to listening in, from where there is no way back (gws-api 7.3)."""

    watch: Watch
    monitored: LegId
    listening: Listening
    coached: bool = False
