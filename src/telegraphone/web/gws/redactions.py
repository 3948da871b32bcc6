"""Spans taken out of recordings over HTTP: of one media file, or of every recording of a conversation."""

from datetime import datetime

from starlette.responses import Response

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.services.redactions import Redactions, Share
from telegraphone.web.gws.answers import answer, partial
from telegraphone.web.gws.errors import failure_of
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest
from telegraphone.web.gws.search import moment


class RedactionPages:
    """Two operations of POST `/recordings/{id}`."""

    def __init__(self, redactions: Redactions) -> None:
        self._redactions = redactions

    async def redact(self, request: ApiRequest) -> Response:
        """The operation `redact`."""
        span = _milliseconds(request, "start"), _milliseconds(request, "stop")
        media_file, reason = request.text("mediaFileId"), request.text("reason")
        await self._redactions.redact(request.agent, request.path["id"], media_file, span, reason, origin=request.origin)
        return answer()

    async def redact_conversation(self, request: ApiRequest) -> Response:
        """The operation `redactConversation`: which media files hold nothing of that time any more."""
        span, reason = (_moment(request, "startTime"), _moment(request, "endTime")), request.text("reason")
        shares = await self._redactions.redact_conversation(
            request.agent, request.path["id"], span, reason, origin=request.origin
        )
        failed = [_failed(share, share.failure) for share in shares if share.failure is not None]
        done = [_shown(share) for share in shares if share.failure is None]
        return partial(failed, [{"statusCode": 0} | each for each in done]) if failed else answer(redacted=done)


def _shown(share: Share) -> Json:
    start, stop = share.span_ms
    return {"recording": share.part.call_uuid, "mediaFileId": share.part.recording_id, "start": start, "stop": stop}


def _failed(share: Share, why: Exception) -> Json:
    failure = failure_of(why)
    return {"statusCode": failure.status_code, "statusMessage": failure.message} | _shown(share)


def _moment(request: ApiRequest, name: str) -> datetime:
    found = moment({name: request.text(name)}, name)
    assert found is not None, "it was given"
    return found


def _milliseconds(request: ApiRequest, name: str) -> int:
    value = request.required(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**12:
        raise ParameterInvalid(name)
    return value
