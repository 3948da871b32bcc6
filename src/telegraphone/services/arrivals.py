"""Tells that recordings have arrived where they are sent, once each (properties REC-5)."""

from collections.abc import Callable

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.services.catalogue import Catalogue
from telegraphone.services.happenings import Outbox
from telegraphone.services.ports import Clock, Unavailable


class Arrivals:
    """What the list of recordings and the webhooks hear from who sends recordings on."""

    def __init__(self, catalogue: Catalogue, outbox: Outbox, clock: Clock, look: Callable[[], None]) -> None:
        """`look` is called when there is something new for the webhooks."""
        self._catalogue = catalogue
        self._outbox = outbox
        self._clock = clock
        self._look = look

    async def arrived(self, tenant: str, call_uuid: CallUuid, recording_id: RecordingId) -> bool:
        """This media file is proved to be there. Whether that was told, now or before: not while the list has not its end or is
        out of reach, and then it is to be said again."""
        try:
            parts = await self._catalogue.parts_of_call(tenant, call_uuid)
            if not any(part.recording_id == recording_id and part.stopped_at for part in parts):
                return False
            await self._outbox.stored(recording_id, self._clock.utc())
        except Unavailable:
            return False
        self._look()
        return True
