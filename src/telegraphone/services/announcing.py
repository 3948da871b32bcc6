"""Has the parties of calls that are being recorded hear the announcements that their consent rests on: a call's actor asks after
each input.

Who agreed by staying on the line has heard all of it: only what was played to its end to a connected party counts. A party that
could not hear it on hold hears it from its beginning afterwards. Who had not heard all of it when the recording ended stands
where it ends. One that it could not be played to is not tried again in this
part: nothing is kept, everybody in the call who may record is told, and the log says so.
"""

import asyncio
from dataclasses import replace

import structlog

from telegraphone.domain import consent
from telegraphone.domain.call import Call, Heard, Leg
from telegraphone.domain.ids import LegId
from telegraphone.limits import ANNOUNCEMENT_LATE_S
from telegraphone.services.call_effects import Effects
from telegraphone.services.mailbox import AnnouncementOver, Mailbox
from telegraphone.services.news import Broken, News
from telegraphone.services.ports import Unavailable
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.waiting import Limit

log = structlog.get_logger()


class Announcing:
    """The announcements in the calls of one actor."""

    def __init__(self, effects: Effects, world: Surroundings, mailbox: Mailbox) -> None:
        self._effects = effects
        self._world = world
        self._mailbox = mailbox
        self._missed: set[LegId] = set()

    def look(self) -> None:
        """Begins to play what is due."""
        for call in self._effects.conversation.calls if self._world.policies.announcements else ():
            if not call.recording.in_progress:
                self._missed -= {leg.id for leg in call.legs}
            self._missed -= {leg.id for leg in call.talking if not consent.can_hear(leg)}
            announcement = consent.due(self._world.policies.consent_rules, call, self._world.is_agent)
            for leg in self._hearers(call, announcement) if announcement else ():
                self._change(replace(leg, hearing=announcement))
                self._effects.recorders[call.uuid].unheard[leg.id] = leg.number, self._world.policies.announcements[announcement]
                # Cancelled when the mailbox is closed, and all that it may raise comes as its end.
                self._mailbox.keep(asyncio.create_task(self._play(leg.id, announcement)))

    def over(self, what: AnnouncementOver) -> tuple[News, ...]:
        """One plays no longer."""
        calls = self._effects.conversation.of(what.leg)
        for call in calls if what.heard else ():
            self._effects.recorders[call.uuid].unheard.pop(what.leg, None)
        for call in calls[:1]:
            leg = call.leg(what.leg)
            if what.heard:
                earlier = (each for each in leg.heard if each.announcement != what.announcement)
                leg = replace(leg, heard=(*earlier, Heard(what.announcement, self._world.clock.utc())))
            else:
                self._missed.add(what.leg)
            self._change(replace(leg, hearing=""))
        if what.error is None or not calls:
            return ()
        log.error("announcement_not_played", calls=[call.uuid for call in calls], error=str(what.error))
        lacking = (call for call in calls if call.leg(what.leg) in consent.concerned(call, self._world.is_agent))
        return tuple(Broken(call.uuid) for call in lacking if call.recording.in_progress)

    def _hearers(self, call: Call, announcement: str) -> tuple[Leg, ...]:
        return consent.hearers(announcement, call, self._world.is_agent, frozenset(self._missed))

    def _change(self, leg: Leg) -> None:
        """What was played to a party is true in all its calls."""
        for call in self._effects.conversation.of(leg.id):
            told = replace(call.leg(leg.id), hearing=leg.hearing, heard=leg.heard)
            self._effects.conversation = self._effects.conversation.with_call(call.with_leg(told))

    async def _play(self, leg: LegId, name: str) -> None:
        port, announcement = self._world.announcements, self._world.policies.announcements[name]
        assert port is not None, "policies want announcements only where the switch can play them"
        limit = Limit(self._world.clock, announcement.seconds + ANNOUNCEMENT_LATE_S)
        over = AnnouncementOver(leg, name, error=Unavailable("switch", "internal error", retryable=False))
        try:
            over = AnnouncementOver(leg, name, await limit.answer("switch", port.announce(leg, announcement)))
        except Unavailable as error:
            over = AnnouncementOver(leg, name, error=error)
        finally:
            self._mailbox.put(over)
