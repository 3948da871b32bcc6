"""Plays a part of a recording over HTTP: byte ranges, validators, and an audit line before the first byte (gws-api 13.4)."""

from collections.abc import Mapping

from starlette.responses import Response, StreamingResponse

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.domain.permissions import Action
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.player_ports import Form, Mending, Player, Rendition
from telegraphone.services.purposes import Purposes
from telegraphone.web.gws.ranges import Span, asked, while_signed_in
from telegraphone.web.gws.recording_shapes import media_id
from telegraphone.web.gws.requests import ApiRequest


class Playback:
    """Streams renditions, and writes down who listened to what."""

    def __init__(self, player: Player, audit: AuditTrail, purposes: Purposes) -> None:
        self._player = player
        self._audit = audit
        self._purposes = purposes

    async def respond(self, request: ApiRequest, part: PartRecord, form: Form, mending: Mending | None) -> Response:
        """The answer to GET or HEAD of this part's audio. Raises KeyError when there is none, `PurposeMissing`, `Unavailable`."""
        heard = {part.recording_id: await self._said(request, part.call_uuid)}
        rendition = await self._player.open(part.recording_id, form, mending=mending)
        if mending and rendition.mended:
            heard |= {each: await self._said(request, mending.doubles[each]) for each in rendition.mended.doubles}
        span, fields = asked(request.http.headers, rendition)
        if request.query.get("download") == "true":
            fields["Content-Disposition"] = f'attachment; filename="{_file_name(part, form)}"'
        if request.http.method == "HEAD":
            return Response(None, span.status, fields)
        await self._write_down(request, heard, self._heard(part, form, span, rendition))
        pieces = self._player.read(rendition, span.start, span.end)
        return StreamingResponse(while_signed_in(pieces, request.principal.sign_in, "playback"), span.status, fields)

    async def _said(self, request: ApiRequest, call_uuid: CallUuid) -> Mapping[str, str]:
        """Which call a recording is of, and what it is heard for. Raises `PurposeMissing`."""
        return {"call": call_uuid, **await self._purposes.of(request.agent, Action.LISTEN, call_uuid, request.origin)}

    @staticmethod
    def _heard(part: PartRecord, form: Form, span: Span, rendition: Rendition) -> Mapping[str, str]:
        """What was asked for, and where about in what is heard that lies."""
        mended = rendition.mended
        duration_ms = mended.duration_ms if mended else part.duration_ms
        places = (duration_ms * place // max(1, rendition.size) for place in (span.start, span.end))
        return {
            "form": f"{form.format} {form.tracks}",
            "bytes": f"{span.start}-{span.end - 1}",
            "about_ms": "-".join(map(str, places)),
            **({"mended": " ".join((part.recording_id, *mended.doubles))} if mended else {}),
        }

    async def _write_down(
        self, request: ApiRequest, heard: Mapping[RecordingId, Mapping[str, str]], detail: Mapping[str, str]
    ) -> None:
        """One line for each listen and each seek, about each recording that is heard by it, with what is said of that."""
        agent = request.agent
        action = "download" if request.query.get("download") == "true" else "play"
        for subject, said in heard.items():
            await self._audit.write(Deed(agent.actor, action, subject, "begun", {**said, **detail}, agent.tenant, request.origin))


def _file_name(part: PartRecord, form: Form) -> str:
    """`mediaId`, made of our own characters; what a number or host brought in must not end the quoted text."""
    named = media_id(part, form.format)
    return "".join(each if each.isascii() and each.isprintable() and each not in '"\\/' else "_" for each in named)
