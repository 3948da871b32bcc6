"""Takes many recordings out at once: packages that are prepared in the background and fetched from any byte on."""

from starlette.responses import Response, StreamingResponse

from telegraphone.domain.errors import ParameterInvalid, ParameterMissing
from telegraphone.services.export_jobs import BulkExports, ExportJob, State
from telegraphone.services.purposes import Purposes
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.evidence import criteria
from telegraphone.web.gws.labels import optional
from telegraphone.web.gws.links import Links
from telegraphone.web.gws.ranges import asked, while_signed_in
from telegraphone.web.gws.recording_shapes import instant
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest
from telegraphone.web.gws.search import search


class ExportPages:
    """Handlers of `/exports`."""

    def __init__(self, links: Links, exports: BulkExports, purposes: Purposes) -> None:
        self._links = links
        self._exports = exports
        self._purposes = purposes

    async def get_all(self, request: ApiRequest) -> Response:
        """GET /exports: those of the contact centre, the newest first."""
        return answer(exports=[self._shape(each) for each in await self._exports.all(request.agent, request.origin)])

    async def post(self, request: ApiRequest) -> Response:
        """POST /exports: begins one, of `recordings` or of what `criteria` find."""
        agent, sealed = request.agent, request.body.get("sealed", False)
        if not isinstance(sealed, bool):
            raise ParameterInvalid("sealed")
        found = "criteria" in request.body
        wanted = search(agent.user_name, criteria(request)).query(agent.tenant) if found else _recordings(request)
        purpose = self._purposes.given(agent, optional(request, "purpose"))
        job = await self._exports.begin(agent, wanted, sealed=sealed, origin=request.origin, purpose=purpose)
        return answer(201, export=self._shape(job))

    async def get(self, request: ApiRequest) -> Response:
        """GET /exports/{id}: how far it is."""
        return answer(export=self._shape(await self._exports.one(request.agent, request.path["id"], request.origin)))

    async def delete(self, request: ApiRequest) -> Response:
        """DELETE /exports/{id}: cancels it, or forgets it when it is over."""
        await self._exports.remove(request.agent, request.path["id"], request.origin)
        return answer()

    async def package(self, request: ApiRequest) -> Response:
        """GET and HEAD /exports/{id}/package: the package, or a range of its bytes; the trail says so before the first."""
        agent, origin = request.agent, request.origin
        package = await self._exports.package(agent, request.path["id"], origin)
        span, fields = asked(request.http.headers, package)
        fields["Content-Disposition"] = f'attachment; filename="export-{package.job.id}.zip"'
        if request.http.method == "HEAD":
            return Response(None, span.status, fields)
        pieces = await self._exports.fetched(agent, package, (span.start, span.end), origin)
        return StreamingResponse(while_signed_in(pieces, request.principal.sign_in, "archive"), span.status, fields)

    def _shape(self, job: ExportJob) -> Json:
        path = f"/exports/{job.id}"
        shown: Json = {
            "id": job.id,
            "userName": job.user_name,
            "createdTime": instant(job.created_at),
            "sealed": job.sealed,
            "state": job.state.value,
            "recordings": job.recordings,
            "done": job.done,
            "bytes": job.bytes,
        }
        if job.finished_at is not None:
            shown["finishedTime"] = instant(job.finished_at)
        shown |= {name: said for name, said in (("reason", job.reason), ("purpose", job.purpose)) if said}
        if job.state is State.READY:
            shown["packagePath"] = f"{path}/package"
        return shown | self._links.pair(path)


def _recordings(request: ApiRequest) -> list[str]:
    wanted = request.body.get("recordings")
    if wanted is None or wanted == []:
        raise ParameterMissing("criteria")
    if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
        raise ParameterInvalid("recordings")
    return wanted
