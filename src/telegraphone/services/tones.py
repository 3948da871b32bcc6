"""Has the parties of recorded calls hear that they are recorded: a tone when audio begins to be kept, and then every so often
as long as it is.

Calls that are connected elsewhere and only copied to us hear nothing of ours: whoever connects them has to say it.
"""

from dataclasses import replace

import structlog

from telegraphone.domain.call import Call
from telegraphone.services.call_effects import Effects
from telegraphone.services.mailbox import Mailbox, ToneDue
from telegraphone.services.ports import Unavailable
from telegraphone.services.surroundings import Surroundings

log = structlog.get_logger()


class Tones:
    """The warning tones of the calls of one actor."""

    def __init__(self, effects: Effects, world: Surroundings, mailbox: Mailbox) -> None:
        self._effects = effects
        self._world = world
        self._mailbox = mailbox

    async def look(self) -> None:
        """Plays the tone in every call that is due for it; to be asked after each input, and when a tone is due."""
        now = self._world.clock.now()
        for call in self._effects.conversation.calls:
            every_s = self._world.policies.tone_every_s.get(call.tenant, 0.0)
            if every_s and call.recording.keeps_audio and call.copied is None and call.tone_due <= now:
                self._effects.conversation = self._effects.conversation.with_call(replace(call, tone_due=now + every_s))
                self._mailbox.put_later(every_s, ToneDue(call.uuid))
                await self._play(call)

    async def _play(self, call: Call) -> None:
        tones = self._world.warning_tones
        assert tones is not None, "policies want tones only where the switch can play them"
        for leg in call.talking:
            try:
                await tones.warn(leg.id)
            except Unavailable as error:
                log.error("warning_tone_missing", call=call.uuid, error=str(error))
