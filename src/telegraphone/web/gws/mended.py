"""What the best of all recordings of a call is made of: for each part what other recorders have (properties REC-7)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from telegraphone.domain.errors import Refusal
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.mending import Menders
from telegraphone.services.player_ports import Player
from telegraphone.services.ports import Unavailable
from telegraphone.web.gws.recording_shapes import RecordingShapes, instant
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest


class BestOfAll:
    """Shapes of what may be heard with `?mended=true`."""

    def __init__(self, shapes: RecordingShapes, player: Player, menders: Menders) -> None:
        self._shapes = shapes
        self._player = player
        self._menders = menders

    async def of(self, request: ApiRequest, parts: Sequence[PartRecord]) -> list[Json]:
        """Those of these ended parts that others mend, as far as this person may hear them; of one that cannot be read there is
        nothing to say."""
        shown = []
        for part in parts:
            with suppress(Refusal, Unavailable, KeyError):
                shown += await self._shown(request, part)
        return shown

    async def _shown(self, request: ApiRequest, part: PartRecord) -> list[Json]:
        mending = await self._menders.of(request.agent, part)
        mended = (await self._player.open(part.recording_id, mending=mending)).mended if mending is not None else None
        if mended is None:
            return []
        path = f"{self._shapes.path(part.call_uuid)}/play/{part.recording_id}.{self._shapes.format}?mended=true"
        shown: Json = {
            "mediaFileId": part.recording_id,
            "startTime": instant(part.started_at - timedelta(milliseconds=mended.before_ms)),
            "offset": str(mended.before_ms),
            "duration": str(mended.duration_ms),
            "doubles": list(mended.doubles),
            "borrowed": [
                _stretch(each.start_ms, each.stop_ms) | {"track": each.track, "mediaFileId": each.recording_id}
                for each in mended.borrowed
            ],
            "keptOut": [_stretch(each.start_ms, each.stop_ms) for each in mended.kept_out],
        }
        return [shown | {"playPath": path, "mediaUri": self._shapes.links.uri(path)}]


def _stretch(start_ms: int, stop_ms: int) -> Json:
    return {"offset": str(start_ms), "duration": str(stop_ms - start_ms)}
