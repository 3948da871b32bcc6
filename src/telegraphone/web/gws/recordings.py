"""Recordings: searching and reading them, for those allowed (gws-api 13)."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from starlette.responses import Response

from telegraphone.domain.ids import CallUuid
from telegraphone.domain.permissions import Action, may
from telegraphone.limits import COLLECTION_OFFSET_MAX, TRAIL_LINES_SHOWN_MAX
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.keeping import Keeping, matter_subject
from telegraphone.services.labels import Labels
from telegraphone.services.library import Library
from telegraphone.services.purposes import Purposes
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.cursor import encode
from telegraphone.web.gws.recording_shapes import Meant, RecordingShapes, trail_line
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest
from telegraphone.web.gws.search import Search, search
from telegraphone.web.gws.selection import chosen, selection


class Recordings:
    """Handlers of `/recordings`."""

    def __init__(self, shapes: RecordingShapes, library: Library, keeping: Keeping, labels: Labels, purposes: Purposes) -> None:
        self._shapes = shapes
        self._library = library
        self._audit = library.audit
        self._purposes = purposes
        self._keeping = keeping
        self._labels = labels

    async def search(self, request: ApiRequest) -> Response:
        """GET /recordings: newest first, a page at a time."""
        asked = search(request.agent.user_name, request.query)
        # One more than asked for tells whether there is a next page.
        query = asked.query(request.agent.tenant)
        found = await self._library.find(request.agent, query, asked.limit + 1, asked.offset, origin=request.origin)
        shown = found[: asked.limit]
        links = self._previous(request.query, asked)
        if len(found) > len(shown):
            links |= await self._next(request, asked, shown)
        wanted = selection(request.query, "fields")
        if not wanted:
            return answer(uris=[self._shapes.links.uri(self._shapes.path(each)) for each in shown], **links)
        parts = await self._library.all_within_reach(request.agent, Action.SEARCH, shown)
        # One that was erased since it was found is shown no more.
        recordings = await self._shown(request, [each for each in parts if each])
        return answer(recordings=[chosen(each, wanted) for each in recordings], **links)

    async def get(self, request: ApiRequest) -> Response:
        """GET /recordings/{id}."""
        parts = await self._library.recording(request.agent, Action.SEARCH, request.path["id"], request.origin)
        [recording] = await self._shown(request, (parts,))
        return answer(recording=chosen(recording, selection(request.query, "fields")))

    async def trail(self, request: ApiRequest) -> Response:
        """GET /recordings/{id}/trail: who heard it and who did what to it, newest first."""
        parts = await self._library.recording(request.agent, Action.READ_TRAIL, request.path["id"], request.origin)
        [standing] = await self._keeping.standings(request.agent.tenant, (parts[0].call_uuid,))
        matters = (matter_subject(each) for each in standing.matters)
        subjects = (request.path["id"], *(part.recording_id for part in parts), *matters)
        lines = await self._audit.about(request.agent.tenant, subjects, TRAIL_LINES_SHOWN_MAX)
        return answer(trail=[trail_line(each) for each in lines])

    async def permissions(self, request: ApiRequest) -> Response:
        """GET /me/permissions: what this user may do with recordings, by the names of the one table."""
        permissions = [action.value for action in Action if may(request.agent, action)]
        return answer(permissions=permissions, purposeRequired=self._purposes.wanted(request.agent))

    async def _borne(self, request: ApiRequest, call_uuids: Sequence[CallUuid]) -> Sequence[Sequence[Meant] | None]:
        """The labels of each, where they were asked for."""
        if "labels" not in selection(request.query, "subresources"):
            return [None] * len(call_uuids)
        return await self._labels.shown(request.agent.tenant, call_uuids)

    async def _shown(self, request: ApiRequest, recordings: Sequence[tuple[PartRecord, ...]]) -> list[Json]:
        """Recordings of these parts, for a few transactions however many there are."""
        call_uuids = [parts[0].call_uuid for parts in recordings]
        labels = await self._borne(request, call_uuids)
        standings = await self._keeping.standings(request.agent.tenant, call_uuids)
        return [self._shapes.recording(*each) for each in zip(recordings, standings, labels, strict=True)]

    async def _next(self, request: ApiRequest, asked: Search, shown: Sequence[CallUuid]) -> Json:
        """The link to the next page: by offset for who pages so, otherwise by a cursor."""
        if not asked.by_offset:
            place = await self._library.place_behind(request.agent.tenant, shown) or asked.after
            if place is None:
                # All of the first page is gone already, so the next one is the first again.
                return self._link("next", request.query, asked.given, asked.limit)
            cursor = encode(request.agent.user_name, asked.given, place)
            if cursor is not None:
                return self._link("next", request.query, {"cursor": cursor}, asked.limit) | {"nextCursor": cursor}
        further = asked.offset + asked.limit
        if further > COLLECTION_OFFSET_MAX:
            return {}
        return self._link("next", request.query, {**asked.given, "offset": further}, asked.limit)

    def _previous(self, query: Mapping[str, str], asked: Search) -> Json:
        if not asked.offset:
            return {}
        return self._link("previous", query, {**asked.given, "offset": max(0, asked.offset - asked.limit)}, asked.limit)

    def _link(self, which: str, query: Mapping[str, str], place: Mapping[str, object], limit: int) -> Json:
        kept = {name: query[name] for name in ("fields", "subresources") if query.get(name)}
        path = "/recordings?" + urlencode({**place, "limit": limit, **kept}, safe="*,")
        return {f"{which}Uri": self._shapes.links.uri(path), f"{which}Path": path}
