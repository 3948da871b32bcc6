"""What is asked of one media file of a recording by the name it has in links: its audio in a form, and its peaks."""

from collections.abc import Mapping
from typing import Final, get_args, get_type_hints

from starlette.responses import Response

from telegraphone.domain.errors import NotFound, ParameterInvalid
from telegraphone.domain.permissions import Action
from telegraphone.limits import PEAK_COLUMNS_MAX, PEAK_STRETCH_MS_MAX
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.library import Library
from telegraphone.services.mending import Menders
from telegraphone.services.player_ports import Form, Mending, Player, Stretch
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.playback import Playback
from telegraphone.web.gws.requests import ApiRequest, number

FORMATS: Final[tuple[str, ...]] = get_args(get_type_hints(Form)["format"])
TRACKS: Final[tuple[str, ...]] = get_args(get_type_hints(Form)["tracks"])


class MediaFiles:
    """Handlers of `/recordings/{id}/play/{file}` and `/recordings/{id}/peaks/{file}`."""

    def __init__(self, library: Library, playback: Playback, player: Player, menders: Menders) -> None:
        self._library = library
        self._playback = playback
        self._player = player
        self._menders = menders

    async def play(self, request: ApiRequest) -> Response:
        """GET and HEAD …/play/{file}: the audio of one ended part; the file's ending tells the format."""
        name, _, extension = request.path["file"].rpartition(".")
        part = await self._part(request, name)
        if extension not in FORMATS:
            raise self._unknown(request)
        try:
            mending = await self._mending(request, part)
            return await self._playback.respond(request, part, _form(extension, request.query), mending)
        except KeyError:
            raise self._unknown(request) from None

    async def peaks(self, request: ApiRequest) -> Response:
        """GET …/peaks/{file}: the lowest and highest samples of a stretch, for drawing; nobody hears anything by them."""
        part = await self._part(request, request.path["file"])
        mending = await self._mending(request, part)
        start, stop = number(request.query, "start", 0), number(request.query, "stop", max(1, part.duration_ms))
        columns = number(request.query, "columns", PEAK_COLUMNS_MAX)
        if not start < stop <= start + PEAK_STRETCH_MS_MAX:
            raise ParameterInvalid("stop", f"at most {PEAK_STRETCH_MS_MAX} ms behind start")
        if not 1 <= columns <= PEAK_COLUMNS_MAX:
            raise ParameterInvalid("columns", f"1 to {PEAK_COLUMNS_MAX}")
        try:
            agent, other = await self._player.peaks(part.recording_id, Stretch(start, stop), columns, mending)
        except KeyError:
            raise self._unknown(request) from None
        return answer(peaks={"start": start, "stop": stop, "agent": agent, "other": other})

    async def _part(self, request: ApiRequest, recording_id: str) -> PartRecord:
        for part in await self._library.recording(request.agent, Action.LISTEN, request.path["id"], request.origin):
            if part.recording_id == recording_id and part.stopped_at is not None:
                return part
        raise self._unknown(request)

    async def _mending(self, request: ApiRequest, part: PartRecord) -> Mending | None:
        """What other recordings the part is to be mended by, where that was asked for."""
        return await self._menders.of(request.agent, part) if request.query.get("mended") == "true" else None

    @staticmethod
    def _unknown(request: ApiRequest) -> NotFound:
        return NotFound("media file", request.path["file"])


def _form(extension: str, query: Mapping[str, str]) -> Form:
    tracks = query.get("tracks") or Form().tracks
    if tracks not in TRACKS:
        raise ParameterInvalid("tracks", f"one of {', '.join(TRACKS)}")
    return Form(extension, tracks)  # type: ignore[arg-type]  # both were just found among the literals
