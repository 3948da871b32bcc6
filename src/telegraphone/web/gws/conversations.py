"""Which recordings are one conversation, who took part in each and when, and what their recording client said (no part of
the original API; the same people may read it as recordings)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from starlette.responses import Response

from telegraphone.domain.copies import Copy, Presence, Stretch, Take, duplicates, gaps
from telegraphone.domain.errors import NotFound
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.permissions import Action
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.copies import CopyStore, KeptSnapshot
from telegraphone.services.library import Library
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.mended import BestOfAll
from telegraphone.web.gws.recording_shapes import RecordingShapes, instant
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest


class Conversations:
    """Handlers below `/recordings/{id}`."""

    def __init__(self, shapes: RecordingShapes, library: Library, copies: CopyStore, best: BestOfAll) -> None:
        self._shapes = shapes
        self._library = library
        self._copies = copies
        self._best = best

    async def get(self, request: ApiRequest) -> Response:
        """GET /recordings/{id}/conversation: as far as this person may find its recordings."""
        asked = CallUuid(request.path["id"])
        parts = {asked: await self._asked(request)}
        copies = await self._copies.conversation(request.agent.tenant, asked)
        for copy in copies:
            if copy.call_uuid != asked:
                with suppress(NotFound):
                    found = await self._library.within_reach(request.agent, Action.SEARCH, copy.call_uuid)
                    parts[copy.call_uuid] = _ended(found)
        recorded = [copy for copy in copies if copy.call_uuid in parts]
        doubles = duplicates([_take(copy, parts[copy.call_uuid]) for copy in recorded])
        shown = [self._shown(copy, doubles.get(copy.call_uuid)) for copy in recorded] or [self._pair(asked)]
        missing = gaps(_stretch(parts[copy.call_uuid]) for copy in recorded)
        told = {"id": shown[0]["id"], "recordings": shown, "gaps": [_gap(each) for each in missing]}
        return answer(conversation=told | {"mended": await self._best.of(request, parts[asked])})

    async def snapshots(self, request: ApiRequest) -> Response:
        """GET /recordings/{id}/snapshots."""
        asked = CallUuid(request.path["id"])
        await self._asked(request)
        kept = await self._copies.snapshots(request.agent.tenant, asked)
        return answer(snapshots=[_snapshot(each) for each in kept])

    async def _asked(self, request: ApiRequest) -> Sequence[PartRecord]:
        """The parts that have ended; NotFound where there are none for this person."""
        return _ended(await self._library.recording(request.agent, Action.SEARCH, request.path["id"], request.origin))

    def _pair(self, call_uuid: CallUuid) -> Json:
        shown: Json = {"id": call_uuid}
        return shown | self._shapes.links.pair(self._shapes.path(call_uuid))

    def _shown(self, copy: Copy, duplicate_of: CallUuid | None) -> Json:
        shown = self._pair(copy.call_uuid) | {"client": copy.client, "startTime": instant(copy.began_at)}
        if copy.ended_at is not None:
            shown["stopTime"] = instant(copy.ended_at)
        if duplicate_of is not None:
            shown["duplicateOf"] = duplicate_of
        shown["parties"] = [_party(each) for each in copy.parties]
        # A client tells nobody whether it copies a call to others as well, and some do to five (siprec.md, Q25).
        return shown | {"facts": dict(copy.facts), "otherCopiesPossible": True}


def _ended(parts: Sequence[PartRecord]) -> Sequence[PartRecord]:
    return [part for part in parts if part.stopped_at is not None]


def _stretch(parts: Sequence[PartRecord]) -> Stretch:
    """From the beginning of a recording to its end, or to that of its last part that has one."""
    return Stretch(parts[0].started_at, max(part.stopped_at or part.started_at for part in parts))


def _gap(gap: Stretch) -> Json:
    duration = str((gap.stop - gap.start) // timedelta(milliseconds=1))
    return {"startTime": instant(gap.start), "stopTime": instant(gap.stop), "duration": duration}


def _party(presence: Presence) -> Json:
    party = presence.party
    shown: Json = {"phoneNumber": party.number, "address": party.address, "name": party.name}
    shown["joinedTime"] = instant(presence.joined_at)
    if presence.left_at is not None:
        shown["leftTime"] = instant(presence.left_at)
    return shown


def _snapshot(kept: KeptSnapshot) -> Json:
    shown: Json = {
        "number": kept.number,
        "receivedTime": instant(kept.received_at),
        "contentType": kept.content_type,
        "document": kept.document.decode("utf-8", "replace"),
    }
    return shown | ({"error": kept.error} if kept.error else {})


def _take(copy: Copy, parts: Sequence[PartRecord]) -> Take:
    """A lost packet leaves a gap, so what is no gap is what was received."""
    length = timedelta(milliseconds=sum(part.duration_ms for part in parts))
    gaps = timedelta(milliseconds=sum(entry.duration_ms for part in parts for entry in part.history if entry.type == "Gap"))
    return Take(copy.call_uuid, copy.voices, parts[0].started_at, length, length - gaps)
