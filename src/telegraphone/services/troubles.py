"""What is wrong with the recordings of calls, for those who watch over them: the latest, since this node was started."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from telegraphone.domain.ids import CallUuid
from telegraphone.limits import TROUBLES_SHOWN_MAX


class Problem(Enum):
    """What can be wrong with the recording of a call."""

    MISSING = "no recording of it is listed"
    UNFINISHED = "its recording has no end, and nobody is making it"
    BROKEN = "its recording broke off"
    LOST = "its recording is listed, but nothing of it is kept"
    INCOMPLETE = "files of its recording are gone"
    DAMAGED = "the manifest of its recording is not to be believed"
    SHORT = "much of its recording was lost"
    ONE_WAY = "one party was never heard"


GONE = frozenset({Problem.LOST, Problem.INCOMPLETE, Problem.DAMAGED})
"""What was kept and is kept no longer."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with the recording of a call, and since when that is told."""

    tenant: str
    call_uuid: CallUuid
    problem: Problem
    told_at: datetime


class Troubles:
    """One of each call, the last that was told of it."""

    def __init__(self) -> None:
        self._troubles: dict[CallUuid, Trouble] = {}

    def __len__(self) -> int:
        return len(self._troubles)

    @property
    def gone(self) -> int:
        """Calls of whose recording something is gone that was kept."""
        return sum(each.problem in GONE for each in self._troubles.values())

    def of(self, tenant: str) -> tuple[Trouble, ...]:
        """This tenant's, the newest first."""
        return tuple(each for each in reversed(self._troubles.values()) if each.tenant == tenant)

    def tell(self, trouble: Trouble) -> None:
        """Keeps it in the place of another of this call; the oldest goes where there are too many."""
        self._troubles.pop(trouble.call_uuid, None)
        self._troubles[trouble.call_uuid] = trouble
        if len(self._troubles) > TROUBLES_SHOWN_MAX:
            del self._troubles[next(iter(self._troubles))]

    def settle(self, call_uuid: CallUuid) -> None:
        """The call has come right."""
        self._troubles.pop(call_uuid, None)
