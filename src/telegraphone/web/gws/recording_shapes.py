"""What recordings look like in JSON (gws-api 13.3): one recording is one call, with a media file for each ended part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from telegraphone.domain.labels import Label, LabelDefinition
from telegraphone.services.audit import AuditLine
from telegraphone.services.catalogue import By, HistoryEntry, PartRecord
from telegraphone.services.keeping import Standing
from telegraphone.web.gws.links import Links
from telegraphone.web.gws.representations import Json

Meant = tuple[Label, LabelDefinition]
"""A label and what it means."""

_TENANT = "Environment"
_IVR_PROFILE = "Telegraphone"


def instant(at: datetime) -> str:
    """A time as recordings show it: `2015-09-10T16:58:22.000+0000`, always UTC."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}+0000"


@dataclass(frozen=True, slots=True)
class RecordingShapes:
    """The shapes of recordings under one installation's links; media are named in its `format` (`playback_format`)."""

    links: Links
    format: str = "mp3"

    def path(self, call_uuid: str) -> str:
        """The path of a recording."""
        return f"/recordings/{call_uuid}"

    def recording(self, parts: Sequence[PartRecord], standing: Standing, labels: Sequence[Meant] | None = None) -> Json:
        """A recording resource of these parts of one call, in order of time, at least one of them ended; with its labels where
        they were asked for."""
        ended = [part for part in parts if part.stopped_at is not None]
        first = ended[0]
        recording: Json = {
            "id": first.call_uuid,
            "callerPhoneNumber": first.ani,
            "dialedPhoneNumber": first.dnis,
            "startTime": instant(parts[0].started_at),
            "stopTime": instant(max(part.stopped_at for part in ended if part.stopped_at is not None)),
            "nonDelete": standing.non_delete,
            "holds": list(standing.matters),
            "mediaFiles": [self._media_file(part) for part in ended],
            "eventHistory": _history(ended),
        }
        if labels is not None:
            recording["labels"] = [self.label(first.call_uuid, each) for each in labels]
        return recording | self.links.pair(self.path(first.call_uuid))

    def label_path(self, call_uuid: str, name: str) -> str:
        """The path of a label of a recording."""
        return f"{self.path(call_uuid)}/labels/{quote(name, safe='')}"

    def label(self, call_uuid: str, meant: Meant) -> Json:
        """One label of a recording with what it means (gws-api 13.6)."""
        label, definition = meant
        return {
            "name": label.name,
            "displayName": definition.display_name,
            "description": definition.description,
            "value": label.value,
            "userName": label.user_name,
            "dateTime": instant(label.labelled_at),
            **self.links.pair(self.label_path(call_uuid, label.name)),
        }

    def definition_path(self, name: str) -> str:
        """The path of a label definition."""
        return f"/recording-label-definitions/{quote(name, safe='')}"

    def definition(self, definition: LabelDefinition) -> Json:
        """One label definition (gws-api 13.6)."""
        said = {"name": definition.name, "displayName": definition.display_name, "description": definition.description}
        return {**said, **self.links.pair(self.definition_path(definition.name))}

    def _media_file(self, part: PartRecord) -> Json:
        assert part.stopped_at is not None
        play = f"{self.path(part.call_uuid)}/play/{part.recording_id}.{self.format}"
        return {
            "mediaUri": self.links.uri(play),
            "mediaPath": play,
            "playPath": play,
            "startTime": instant(part.started_at),
            "stopTime": instant(part.stopped_at),
            "callUUID": part.call_uuid,
            "mediaId": media_id(part, self.format),
            "type": f"audio/{self.format}",
            "duration": str(part.duration_ms),
            "status": part.status,
            "tenant": _TENANT,
            "ivrprofile": _IVR_PROFILE,
            "parameters": {
                "ani": part.ani,
                "dnis": part.dnis,
                "connId": part.conn_id,
                "dateTime": f"{part.started_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "recordDN": part.recorded_dn,
                "agentId": part.user_name,
                "GSIP_REC_FN": part.name,
            },
        }


def media_id(part: PartRecord, extension: str) -> str:
    """The file name of a part's media (gws-api 13.3)."""
    return f"{part.name}.{extension}"


def _history(parts: Sequence[PartRecord]) -> list[Json]:
    """What happened in all parts, in order of time; a longer span comes first."""
    entries = [(part, entry) for part in parts for entry in part.history]
    entries.sort(key=lambda pair: (pair[1].started_at, -pair[1].duration_ms))
    return [_entry(part, entry) for part, entry in entries]


def _entry(part: PartRecord, entry: HistoryEntry) -> Json:
    shown: Json = {
        "type": entry.type,
        "mediaFileId": part.recording_id,
        "startTime": instant(entry.started_at),
    }
    if entry.stopped_at is not None:
        shown["stopTime"] = instant(entry.stopped_at)
    shown["offset"] = str(entry.offset_ms)
    if entry.stopped_at is not None:
        shown["duration"] = str(entry.duration_ms)
    if entry.reason:
        shown["reason"] = entry.reason
    if entry.started_by is not None:
        shown["startedBy"] = _by(entry.started_by)
    if entry.stopped_by is not None:
        shown["stoppedBy"] = _by(entry.stopped_by)
    return shown


def _by(by: By) -> Json:
    shown: Json = {"source": by.source}
    if by.user_name:
        shown["userName"] = by.user_name
    if by.phone_number:
        shown["phoneNumber"] = by.phone_number
    if by.rule:
        shown["rule"] = by.rule
    return shown


def trail_line(line: AuditLine) -> Json:
    """One line of the trail as it is shown."""
    deed = line.deed
    shown = {"dateTime": instant(line.written_at), "userName": deed.actor, "action": deed.action, "subject": deed.subject}
    return {**shown, "result": deed.result, "origin": deed.origin, "detail": dict(deed.detail)}
