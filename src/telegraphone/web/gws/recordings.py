"""Recordings: searching, reading and playing them, for those allowed (gws-api 13)."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.permissions import Action, may
from telegraphone.limits import COLLECTION_OFFSET_MAX, TRAIL_LINES_SHOWN_MAX
from telegraphone.services.audit import AuditTrail
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.keeping import Keeping
from telegraphone.services.library import Library
from telegraphone.services.ports import Clock
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.cursor import encode
from telegraphone.web.gws.recording_shapes import RecordingShapes, trail_line
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest
from telegraphone.web.gws.search import Search, search
from telegraphone.web.gws.selection import chosen, selection


class Recordings:
    """Handlers of `/recordings`."""

    def __init__(self, shapes: RecordingShapes, library: Library, audit: AuditTrail, keeping: Keeping, clock: Clock) -> None:
        self._shapes = shapes
        self._library = library
        self._audit = audit
        self._keeping = keeping
        self._clock = clock

    async def search(self, request: ApiRequest) -> Response:
        """GET /recordings: newest first, a page at a time."""
        asked = search(request.agent.user_name, request.query)
        # One more than asked for tells whether there is a next page.
        query = asked.query(request.agent.tenant)
        found = await self._library.find(request.agent, query, asked.limit + 1, asked.offset, origin=request.origin)
        shown = found[: asked.limit]
        links = self._previous(request.query, asked)
        if len(found) > len(shown):
            links |= await self._next(request, asked, shown[-1])
        wanted = selection(request.query, "fields")
        if not wanted:
            return answer(uris=[self._shapes.links.uri(self._shapes.path(each)) for each in shown], **links)
        labels = "labels" in selection(request.query, "subresources")
        recordings = [await self._shown(request, await self._found(request, each), labels=labels) for each in shown]
        return answer(recordings=[chosen(each, wanted) for each in recordings], **links)

    async def get(self, request: ApiRequest) -> Response:
        """GET /recordings/{id}."""
        labels = "labels" in selection(request.query, "subresources")
        parts = await self._library.recording(request.agent, Action.SEARCH, request.path["id"], request.origin)
        recording = await self._shown(request, parts, labels=labels)
        return answer(recording=chosen(recording, selection(request.query, "fields")))

    async def delete(self, request: ApiRequest) -> Response:
        """DELETE /recordings/{id}: nothing of it can be played or decrypted any more when this is answered."""
        await self._keeping.erase(request.agent, request.path["id"], request.origin, self._clock)
        return answer()

    async def post(self, request: ApiRequest) -> Response:
        """POST /recordings/{id}: protect it from deletion, or hold it for a matter, and the contrary."""
        agent, call_uuid, origin, operation = request.agent, request.path["id"], request.origin, request.operation()
        match operation:
            case "applyNonDelete" | "removeNonDelete":
                await self._keeping.protect(agent, call_uuid, origin, on=operation == "applyNonDelete")
            case "placeHold":
                await self._keeping.hold(agent, call_uuid, request.text("matter"), origin, self._clock)
            case "releaseHold":
                await self._keeping.release(agent, call_uuid, request.text("matter"), origin)
            case _:
                raise ParameterInvalid("operationName")
        return answer()

    async def trail(self, request: ApiRequest) -> Response:
        """GET /recordings/{id}/trail: who heard it and who did what to it, newest first."""
        parts = await self._library.recording(request.agent, Action.READ_TRAIL, request.path["id"], request.origin)
        subjects = (request.path["id"], *(part.recording_id for part in parts))
        lines = await self._audit.about(request.agent.tenant, subjects, TRAIL_LINES_SHOWN_MAX)
        return answer(trail=[trail_line(each) for each in lines])

    async def permissions(self, request: ApiRequest) -> Response:
        """GET /me/permissions: what this user may do with recordings, by the names of the one table."""
        return answer(permissions=[action.value for action in Action if may(request.agent, action)])

    async def _shown(self, request: ApiRequest, parts: tuple[PartRecord, ...], *, labels: bool) -> Json:
        standing = await self._keeping.standing(request.agent.tenant, parts[0].call_uuid)
        return self._shapes.recording(parts, standing, labels=labels)

    async def _found(self, request: ApiRequest, call_uuid: str) -> tuple[PartRecord, ...]:
        return await self._library.within_reach(request.agent, Action.SEARCH, call_uuid)

    async def _next(self, request: ApiRequest, asked: Search, last: CallUuid) -> Json:
        """The link to the next page: by offset for who pages so, otherwise by a cursor."""
        began = (await self._found(request, last))[0].started_at
        cursor = None if asked.by_offset else encode(request.agent.user_name, asked.given, (began, last))
        if cursor is not None:
            links = self._link("next", request.query, {"cursor": cursor}, asked.limit)
            return links | {"nextCursor": cursor}
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
