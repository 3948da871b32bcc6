"""Has agents see one call where its client copies it more than once: the copy that came first.

Theory. A client that records both parties of a call opens a session for each (siprec.md, Q18), and one that fails over may
open a second while the first is not over yet. All of them are recorded, but the agent talks once and so sees one call; what
the agent asks of it is done to every copy (`copied_calls`). Two copies are doubles as long as both live, have an id in common
and the same numbers talk in both. The later one is then seen by nobody. When they are no doubles any more, because the
parties of one have changed or it has ended, the other becomes seen, COPIES_PART_S later: a client tells what changes to one
session after the other, and ends them so.

A pause is one of the conversation: a copy that begins while another is paused, or soon after one has ended paused (a transfer
by a new session, a failover), begins paused, as a part does that is begun for who takes over (gws-api 9.3).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from telegraphone.domain.call import Call
from telegraphone.domain.forked import is_seen
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.legs import CallForked, CopyDescribed, CopySeen
from telegraphone.domain.recording import Reason
from telegraphone.limits import COPIES_PART_S, PAUSE_CARRIED_S
from telegraphone.services.call_actor import CallActor
from telegraphone.services.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class _Paused:
    """Who was in a copy that ended paused, and until when that counts (monotonic seconds)."""

    numbers: frozenset[str]
    until: float


class Doubles:
    """`of_call` finds the owner of a call's state."""

    def __init__(self, world: Surroundings, of_call: Callable[[CallUuid], CallActor | None]) -> None:
        self._world = world
        self._of_call = of_call
        self._ended_paused: dict[str, _Paused] = {}

    def double_of(self, event: CallForked) -> Call | None:
        """The call that agents see already, where the call that begins now is the same."""
        return _seen(_numbers(event), self._others(event))

    def begins_paused(self, event: CallForked) -> bool:
        """Whether another copy of the conversation, with a party in common, is paused or ended so a moment ago: then nothing of
        what is said to that one may be in this one (properties PCI-7, PCI-13)."""
        now, mine = self._world.clock.now(), _numbers(event)
        there = False
        for each in self._others(event):
            if numbers(each) & mine:
                there = True
                if Reason.AGENT in each.recording.reasons:
                    return True
        if there:
            return False
        ended = (self._ended_paused.get(link) for link in self._names(event))
        return any(each is not None and each.until > now and each.numbers & mine for each in ended)

    def ends(self, call: Call) -> None:
        """A copy is over: remembers that it ended paused."""
        now = self._world.clock.now()
        self._ended_paused = {link: each for link, each in self._ended_paused.items() if each.until > now}
        if Reason.AGENT in call.recording.reasons:
            paused = _Paused(numbers(call), now + PAUSE_CARRIED_S)
            self._ended_paused |= dict.fromkeys(self._world.copies.links(call.uuid), paused)

    def described(self, actor: CallActor, call: Call, said: CopyDescribed) -> None:
        """Hides a call that no agent was known to be in until now, if they see it already."""
        agents = any(self._world.is_agent(leg.number, call.tenant) for leg in call.talking)
        if not agents and _seen(_numbers(said), self.companions(call.uuid)):
            actor.report(CopySeen(said.leg, seen=False))

    async def part(self, uuids: Iterable[CallUuid]) -> None:
        """Has those of these copies be seen that are no doubles any more, after a while: one of them has changed."""
        await self._world.clock.sleep_until(self._world.clock.now() + COPIES_PART_S)
        calls = tuple(self._calls(uuids))
        seen = {numbers(call) for _, call in calls if is_seen(call)} - {frozenset()}
        for actor, call in calls:
            mine = numbers(call)
            if not is_seen(call) and mine not in seen and not _seen(mine, self.companions(call.uuid)):
                seen.add(mine)
                actor.report(CopySeen(call.talking[0].id, seen=True))

    def companions(self, uuid: CallUuid) -> Iterator[Call]:
        """The other copies of the conversation in which somebody talks now."""
        return (call for _, call in self._calls(self._world.copies.companions(uuid)))

    def _others(self, event: CallForked) -> Iterator[Call]:
        return (call for _, call in self._calls(self._world.copies.linked(self._names(event))))

    def _names(self, event: CallForked) -> frozenset[str]:
        return self._world.copies.named(event.tenant, event.client, event.links)

    def _calls(self, uuids: Iterable[CallUuid]) -> Iterator[tuple[CallActor, Call]]:
        for uuid in uuids:
            if actor := self._of_call(uuid):
                yield from ((actor, call) for call in actor.conversation.calls if call.uuid == uuid and call.talking)


def numbers(call: Call) -> frozenset[str]:
    """Who talks in it, as far as that is known."""
    return frozenset(leg.number for leg in call.talking if leg.number)


def _numbers(event: CallForked | CopyDescribed) -> frozenset[str]:
    return frozenset(party.number for party in event.parties if party.number)


def _seen(mine: frozenset[str], calls: Iterable[Call]) -> Call | None:
    return next((call for call in calls if mine and is_seen(call) and numbers(call) == mine), None)
