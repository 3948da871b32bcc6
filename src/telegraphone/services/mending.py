"""Says from which other recordings one may have what it lacks: those that others made of the same call, as far as who listens may
hear them.

Of the same call are copies of one conversation in which the same parties took part. Whether they are the same sound the
player finds out. Each may have kept out what another has, so that it is all of them or none: of one that still runs, that the
listener may not hear, that was erased or that is one too many nobody looks what that was. What lies beyond the ends of one
belongs to it only where no person began or ended it: a start on demand and a stop are wishes as a pause is.
"""

from collections.abc import Sequence
from typing import Final

from telegraphone.domain.agent import Agent
from telegraphone.domain.permissions import Action
from telegraphone.limits import DOUBLES_MAX
from telegraphone.services.catalogue import HistoryEntry, PartRecord
from telegraphone.services.copies import CopyStore
from telegraphone.services.library import Library
from telegraphone.services.player_ports import Mending

_BEGAN_BY_ITSELF: Final = ("policy", "system")
_ENDED_BY_ITSELF: Final = ("call", "system")


class Menders:
    """The use case."""

    def __init__(self, library: Library, copies: CopyStore) -> None:
        self._library = library
        self._copies = copies

    async def of(self, agent: Agent, part: PartRecord) -> Mending | None:
        """What may mend an ended part for this listener; None when nothing may. Raises `RoleMissing`, `PermissionMissing`,
        `Unavailable`."""
        copies = await self._copies.conversation(agent.tenant, part.call_uuid)
        voices = next((each.voices for each in copies if each.call_uuid == part.call_uuid), frozenset())
        same = [each.call_uuid for each in copies if each.call_uuid != part.call_uuid and voices and each.voices == voices]
        own, *others = await self._library.all_within_reach(agent, Action.LISTEN, [part.call_uuid, *same])
        if not all(each.voices for each in copies) or tuple(others) != await self._library.catalogue.parts_of_calls(
            agent.tenant, same
        ):
            return None
        doubles = [each for parts in others for each in parts]
        if not 0 < len(doubles) <= DOUBLES_MAX or any(each.stopped_at is None for each in doubles):
            return None
        return Mending({each.recording_id: each.call_uuid for each in doubles}, _may_reach_back(part, own), _may_go_on(part, own))


def _may_reach_back(part: PartRecord, own: Sequence[PartRecord]) -> bool:
    whole = _whole(part)
    by = whole.started_by if whole is not None else None
    return part == own[0] and by is not None and by.source in _BEGAN_BY_ITSELF


def _may_go_on(part: PartRecord, own: Sequence[PartRecord]) -> bool:
    whole = _whole(part)
    by = whole.stopped_by if whole is not None and whole.started_by is not None else None
    # A rule that ended a recording, as for want of consent, did so by design. Of one that was broken off
    # nobody knows whether it was to be paused.
    return part == own[-1] and by is not None and by.source in _ENDED_BY_ITSELF and not by.rule


def _whole(part: PartRecord) -> HistoryEntry | None:
    return next((each for each in part.history if each.type == "Recording"), None)
