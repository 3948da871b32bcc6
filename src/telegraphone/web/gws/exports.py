"""Takes a recording out: one package (ZIP) that proves itself on a machine without Telegraphone (properties CMP-6)."""

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from telegraphone.domain.errors import NotFound
from telegraphone.domain.permissions import Action
from telegraphone.limits import TRAIL_LINES_SHOWN_MAX
from telegraphone.services.archive_ports import Archive, ExportOrder
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.keeping import Keeping
from telegraphone.services.labels import Labels
from telegraphone.services.library import Library
from telegraphone.web.gws.answers import encode
from telegraphone.web.gws.ranges import while_signed_in
from telegraphone.web.gws.recording_shapes import RecordingShapes, trail_line
from telegraphone.web.gws.requests import ApiRequest

Told = tuple[Keeping, Labels]


class Exports:
    """Handler of `/recordings/{id}/export`."""

    def __init__(self, shapes: RecordingShapes, library: Library, told: Told, archive: Archive, audit: AuditTrail) -> None:
        """`told` are who is asked what else is to be said of a recording."""
        self._shapes = shapes
        self._library = library
        self._keeping, self._labels = told
        self._archive = archive
        self._audit = audit

    async def get(self, request: ApiRequest) -> Response:
        """GET …/export: every ended part with its sound, metadata, trail, reports, hashes, signature and certificate; with
        `sealed=true` also what was sealed. Each try is a line in the trail, before the first byte."""
        agent = request.agent
        parts = await self._library.recording(agent, Action.EXPORT, request.path["id"], request.origin)
        ended = [part for part in parts if part.stopped_at is not None]
        subjects = (request.path["id"], *(part.recording_id for part in parts))
        lines = await self._audit.about(agent.tenant, subjects, TRAIL_LINES_SHOWN_MAX)
        standing = await self._keeping.standing(agent.tenant, parts[0].call_uuid)
        [labels] = await self._labels.shown(agent.tenant, (parts[0].call_uuid,))
        metadata = encode(self._shapes.recording(parts, standing, labels))
        trail = encode([trail_line(each) for each in lines])
        sealed = request.query.get("sealed") == "true"
        pieces = self._archive.export([ExportOrder(part.recording_id, metadata, trail) for part in ended], sealed_files=sealed)
        try:
            first = await anext(pieces)
        except KeyError:
            raise NotFound("recording", request.path["id"]) from None
        detail = {"parts": str(len(ended)), "sealed": str(sealed).lower()}
        call_uuid = parts[0].call_uuid
        await self._audit.write(Deed(agent.actor, "export", call_uuid, "begun", detail, agent.tenant, request.origin))
        headers = {
            "Content-Disposition": f'attachment; filename="{call_uuid}.zip"',
            "Cache-Control": "private, no-store",
        }
        sent = while_signed_in(_whole(first, pieces), request.principal.sign_in, "archive")
        return StreamingResponse(sent, 200, headers, "application/zip")


async def _whole(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
