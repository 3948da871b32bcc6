"""Takes a recording out: one package (ZIP) that proves itself on a machine without Telegraphone (properties CMP-6)."""

from collections.abc import AsyncIterator, Mapping, Sequence

from starlette.responses import Response, StreamingResponse

from telegraphone.domain.errors import NotFound
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.permissions import Action
from telegraphone.services.archive_ports import Archive, Order
from telegraphone.services.audit import Deed
from telegraphone.services.export_orders import ExportOrders
from telegraphone.services.library import Library
from telegraphone.services.purposes import Purposes
from telegraphone.web.gws.ranges import while_signed_in
from telegraphone.web.gws.requests import ApiRequest


class Exports:
    """Handler of `/recordings/{id}/export`."""

    def __init__(self, library: Library, orders: ExportOrders, archive: Archive, purposes: Purposes) -> None:
        self._library = library
        self._orders = orders
        self._archive = archive
        self._purposes = purposes

    async def get(self, request: ApiRequest) -> Response:
        """GET …/export: every ended part with its sound, metadata, trail, reports, hashes, signature and certificate; with
        `sealed=true` also what was sealed. Of a recording that was erased its stone. Each try is a line in the trail, before the
        first byte."""
        agent, call_uuid = request.agent, request.path["id"]
        orders, purpose = await self._of(request, call_uuid)
        sealed = request.query.get("sealed") == "true"
        pieces = self._archive.export(orders, sealed_files=sealed)
        try:
            first = await anext(pieces)
        except KeyError:
            raise NotFound("recording", call_uuid) from None
        detail = {"parts": str(len(orders)), "sealed": str(sealed).lower(), **purpose}
        await self._library.audit.write(Deed(agent.actor, "export", call_uuid, "begun", detail, agent.tenant, request.origin))
        headers = {
            "Content-Disposition": f'attachment; filename="{call_uuid}.zip"',
            "Cache-Control": "private, no-store",
        }
        sent = while_signed_in(_whole(first, pieces), request.principal.sign_in, "archive")
        return StreamingResponse(sent, 200, headers, "application/zip")

    async def _of(self, request: ApiRequest, call_uuid: str) -> tuple[Sequence[Order], Mapping[str, str]]:
        """What is left of it for who may export everybody's, or its parts, and what they are taken out for."""
        agent = request.agent
        if await self._library.must_reach(agent, Action.EXPORT, call_uuid, request.origin) is None:
            stones = await self._orders.erased(agent.tenant, CallUuid(call_uuid))
            if stones:
                return stones, {}
        parts = await self._library.recording(agent, Action.EXPORT, call_uuid, request.origin)
        purpose = await self._purposes.of(agent, Action.EXPORT, call_uuid, request.origin)
        return await self._orders.of(agent.tenant, parts), purpose


async def _whole(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
