"""Takes a recording out: one package (ZIP) that proves itself on a machine without Telegraphone (properties CMP-6)."""

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from telegraphone.domain.errors import NotFound
from telegraphone.domain.permissions import Action
from telegraphone.services.archive_ports import Archive
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.export_orders import ExportOrders
from telegraphone.services.library import Library
from telegraphone.web.gws.ranges import while_signed_in
from telegraphone.web.gws.requests import ApiRequest


class Exports:
    """Handler of `/recordings/{id}/export`."""

    def __init__(self, library: Library, orders: ExportOrders, archive: Archive, audit: AuditTrail) -> None:
        self._library = library
        self._orders = orders
        self._archive = archive
        self._audit = audit

    async def get(self, request: ApiRequest) -> Response:
        """GET …/export: every ended part with its sound, metadata, trail, reports, hashes, signature and certificate; with
        `sealed=true` also what was sealed. Each try is a line in the trail, before the first byte."""
        agent = request.agent
        parts = await self._library.recording(agent, Action.EXPORT, request.path["id"], request.origin)
        orders, sealed = await self._orders.of(agent.tenant, parts), request.query.get("sealed") == "true"
        pieces = self._archive.export(orders, sealed_files=sealed)
        try:
            first = await anext(pieces)
        except KeyError:
            raise NotFound("recording", request.path["id"]) from None
        detail = {"parts": str(len(orders)), "sealed": str(sealed).lower()}
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
