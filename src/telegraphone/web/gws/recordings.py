"""Recordings: searching, reading and playing them, for those allowed (gws-api 13)."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from starlette.responses import Response

from telegraphone.domain.errors import NotFound
from telegraphone.domain.ids import CallUuid
from telegraphone.limits import COLLECTION_OFFSET_MAX
from telegraphone.services.ports import Catalogue, PartRecord
from telegraphone.web.gws.access import must_listen, must_read
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.playback import Playback
from telegraphone.web.gws.recording_shapes import FORMAT, RecordingShapes
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest
from telegraphone.web.gws.search import CRITERIA, criteria, limit_and_offset
from telegraphone.web.gws.selection import chosen, selection


class Recordings:
    """Handlers of `/recordings`."""

    def __init__(self, shapes: RecordingShapes, catalogue: Catalogue, playback: Playback) -> None:
        self._shapes = shapes
        self._catalogue = catalogue
        self._playback = playback

    async def search(self, request: ApiRequest) -> Response:
        """GET /recordings: newest first, a page at a time."""
        query = criteria(request.query)
        limit, offset = limit_and_offset(request.query)
        must_read(request.agent)
        # One more than asked for tells whether there is a next page.
        found = await self._catalogue.find_calls(query, limit + 1, offset)
        shown = found[:limit]
        links = self._page_links(request.query, limit, offset, more=len(found) > limit)
        wanted = selection(request.query, "fields")
        if not wanted:
            return answer(uris=[self._shapes.links.uri(self._shapes.path(each)) for each in shown], **links)
        labels = "labels" in selection(request.query, "subresources")
        recordings = [self._shapes.recording(await self._parts(each), labels=labels) for each in shown]
        return answer(recordings=[chosen(each, wanted) for each in recordings], **links)

    async def get(self, request: ApiRequest) -> Response:
        """GET /recordings/{id}."""
        must_read(request.agent)
        parts = await self._parts(request.path["id"])
        labels = "labels" in selection(request.query, "subresources")
        recording = self._shapes.recording(parts, labels=labels)
        return answer(recording=chosen(recording, selection(request.query, "fields")))

    async def play(self, request: ApiRequest) -> Response:
        """GET and HEAD /recordings/{id}/play/{file}: the audio of one ended part."""
        must_listen(request.agent)
        recording_id, _, extension = request.path["file"].rpartition(".")
        parts = await self._parts(request.path["id"])
        for part in parts:
            if part.recording_id == recording_id and part.stopped_at is not None and extension == FORMAT:
                try:
                    return await self._playback.respond(request, part)
                except KeyError:
                    break
        raise NotFound("media file", request.path["file"])

    async def _parts(self, call_uuid: str) -> Sequence[PartRecord]:
        """The parts of a recording; until the first has ended it is a call and no recording (gws-api 13.2)."""
        parts = await self._catalogue.parts_of_call(CallUuid(call_uuid))
        if not any(part.stopped_at is not None for part in parts):
            raise NotFound("recording", call_uuid)
        return parts

    def _page_links(self, query: Mapping[str, str], limit: int, offset: int, *, more: bool) -> Json:
        links: Json = {}
        if more and offset + limit <= COLLECTION_OFFSET_MAX:
            links |= self._page_link("next", query, limit, offset + limit)
        if offset:
            links |= self._page_link("previous", query, limit, max(0, offset - limit))
        return links

    def _page_link(self, which: str, query: Mapping[str, str], limit: int, offset: int) -> Json:
        kept = [(name, query[name]) for name in (*CRITERIA, "fields", "subresources") if query.get(name)]
        path = "/recordings?" + urlencode([*kept, ("offset", offset), ("limit", limit)], safe="*,")
        return {f"{which}Uri": self._shapes.links.uri(path), f"{which}Path": path}
