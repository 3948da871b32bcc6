"""What the API's resources and events look like, as schemas, in the generation of the API that is configured (gws-api 5-7,
11, 13)."""

from telegraphone.domain.agent import DeviceOperation
from telegraphone.domain.call import CallType, LegState, Notice
from telegraphone.services.troubles import Problem
from telegraphone.web.openapi.schema import (
    ANYTHING,
    DATA,
    DIGITS,
    FLAG,
    LINK,
    PATH,
    TEXT,
    TIME,
    UUID,
    WHOLE,
    Schema,
    about,
    listed,
    record,
    ref,
    words,
)

_PAIR = {"uri": LINK, "path": PATH}
_CALL_ID: Schema = {"type": "string", "pattern": "^([0-9a-f]{16}|[0-9A-Z]{32})$"}
_CALL_STATES = words(*(state.value for state in LegState if state is not LegState.CALLING))
_SOURCES = words("agent", "device", "phone", "policy", "admin", "call", "system")


def resources(*, modern: bool) -> dict[str, Schema]:
    """Every named schema; `modern` for the shapes of 8.5.2."""
    return {
        "Refusal": _refusal(),
        "Done": record({"statusCode": {"const": 0}}),
        **_agent(),
        **_device(modern=modern),
        "Call": _call(modern=modern),
        "Contact": _contact(),
        "Service": _service(),
        "Webhook": _webhook(),
        "Token": _token(),
        "Setting": record({"name": TEXT, "value": TEXT}),
        **_recording(),
        **_about_recordings(),
        **_conversations(),
        **_events(modern=modern),
    }


def _refusal() -> Schema:
    return record(
        {
            "statusCode": about({"type": "integer", "enum": [1, 2, 3, 4, 5, 6, 18, 20]}, "Why, as a number."),
            "statusMessage": about(TEXT, "Why, in words."),
        }
    )


def _agent() -> dict[str, Schema]:
    state = record(
        {"id": TEXT, "operationName": TEXT, "displayName": TEXT, "state": words("Ready", "NotReady", "Logout")},
        {"workMode": words("AfterCallWork", "AuxWork"), "reason": TEXT},
    )
    now = record(
        {"state": words("Ready", "NotReady", "LoggedIn", "LoggedOut")},
        {"id": TEXT, "displayName": TEXT, "workMode": words("AfterCallWork", "AuxWork"), "reason": TEXT},
    )
    children: dict[str, Schema] = {
        "devices": listed(ref("Device")),
        "calls": listed(ref("Call")),
        "features": listed(ref("Feature")),
        "channels": listed(ref("Channel")),
        "channelStates": listed(ref("Channel")),
        "skills": listed(ANYTHING),
        "settings": {"type": "object"},
        "groups": listed(ANYTHING),
        "interactions": listed(ANYTHING),
        "chats": listed(ANYTHING),
    }
    user = record(
        {
            "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "userName": TEXT,
            "firstName": TEXT,
            "lastName": TEXT,
            "emailAddress": TEXT,
            "roles": listed(words("ROLE_AGENT", "ROLE_SUPERVISOR", "ROLE_ADMIN")),
            "enabled": FLAG,
            "changePasswordOnFirstLogin": FLAG,
            "contactCenterId": UUID,
            **_PAIR,
        },
        children,
    )
    feature = record({"id": TEXT, "displayName": TEXT, "description": TEXT, "autoAssignOnContactCenterCreate": FLAG, **_PAIR})
    medium = record({"channel": words("voice"), "userState": ref("UserState")})
    return {"User": user, "Feature": feature, "AgentState": state, "UserState": now, "Channel": medium}


def _device(*, modern: bool) -> dict[str, Schema]:
    device = record(
        {
            "id": UUID,
            "deviceState": words("Active", "Inactive"),
            "phoneNumber": TEXT,
            "description": TEXT,
            "e164Number": TEXT,
            "telephonyNetwork": words("Private", "Public"),
            "doNotDisturb": words("On", "Off"),
            "voiceEnvironmentUri": LINK,
            "capabilities": about(listed(TEXT), "Valid now: " + ", ".join(each.value for each in DeviceOperation) + ", …"),
            "channels": listed(words("voice")),
            "type": words("ACDPosition"),
            **({"dynamicPhoneNumber": TEXT} if modern else {}),
        },
        {
            "userState": about(ref("UserState"), "Absent while the device is Inactive."),
            "forwardTo": about(TEXT, "Only while calls are forwarded."),
            "supervisorMonitoringState": about({"type": "object"}, "Only while monitoring."),
        },
    )
    return {"Device": device}


def _call(*, modern: bool) -> Schema:
    always: dict[str, Schema] = {
        "id": about(_CALL_ID, "The callUuid." if modern else "The connection id. Both forms work in URLs."),
        "state": _CALL_STATES,
        "callUuid": {"type": "string", "pattern": "^[0-9A-Z]{32}$"},
        "deviceUri": LINK,
        "uri": LINK,
        "participants": listed(_participant()) if modern else listed(TEXT),
        "dnis": TEXT,
        "callType": words(*(each.value for each in CallType)),
        "capabilities": about(listed(TEXT), "The operations that are valid now."),
        "duration": about(DIGITS, "Whole seconds since the call appeared at this device."),
        "mute": words("On", "Off"),
    }
    sometimes: dict[str, Schema] = {
        "ani": about(TEXT, "Absent on calls the agent made."),
        "userData": about(DATA, "Absent when there is none."),
        "recordingState": about(words("Recording", "Paused", "Stopped"), "For agents with api-voice-recording."),
        "parentCallUri": about(LINK, "On a consult call: the call it is about."),
    }
    if not modern:
        always["participantsInfo"] = listed(_participant_info())
        return record(always, sometimes)
    always |= {"connId": {"type": "string", "pattern": "^[0-9a-f]{16}$"}, "path": PATH}
    always |= {"supervisorListeningIn": FLAG, "monitoredUserMuted": FLAG, "monitoring": FLAG}
    sometimes |= {"parentCallPath": PATH, "case": listed(ANYTHING), "supervisorMonitoringState": {"type": "object"}}
    return record(always, sometimes)


def _participant() -> Schema:
    return record({"e164Number": TEXT, "formattedPhoneNumber": TEXT, "phoneNumber": TEXT, "digits": TEXT})


def _participant_info() -> Schema:
    country = record({"name": TEXT, "code": TEXT, "callingCode": TEXT})
    nothing: Schema = {"type": "null"}
    return record(
        {"country": country, "formattedPhoneNumber": TEXT, "location": nothing, "E164digits": TEXT, "isValidNumber": FLAG}
    )


def _contact() -> Schema:
    number = record({"phoneNumber": TEXT, "description": TEXT, "switchName": TEXT})
    return record(
        {
            "id": TEXT,
            "name": TEXT,
            "type": words("User"),
            "phoneNumbers": listed(number),
            "userName": TEXT,
            "firstName": TEXT,
            "lastName": TEXT,
            "employeeId": TEXT,
            **_PAIR,
        }
    )


def _service() -> Schema:
    return record(
        {"id": UUID, "name": TEXT, "type": words("Provisioning", "Voice"), "state": words("Active", "Inactive"), **_PAIR}
    )


def _recording() -> dict[str, Schema]:
    by = record({"source": _SOURCES}, {"userName": TEXT, "phoneNumber": TEXT, "rule": TEXT})
    entry = record(
        {
            "type": words(
                "Recording", "PreRoll", "PreConsent", "Paused", "Held", "Gap", "Redacted", "PartyAdded", "PartyRemoved"
            ),
            "mediaFileId": TEXT,
            "startTime": TIME,
            "offset": DIGITS,
        },
        {"stopTime": TIME, "duration": DIGITS, "reason": TEXT, "startedBy": by, "stoppedBy": by},
    )
    media = record(
        {
            "mediaUri": LINK,
            "mediaPath": PATH,
            "playPath": PATH,
            "startTime": TIME,
            "stopTime": TIME,
            "callUUID": TEXT,
            "mediaId": TEXT,
            "type": {"type": "string", "pattern": "^audio/"},
            "duration": about(DIGITS, "Milliseconds."),
            "status": about(TEXT, "`sealed`; `recovered` after a crash, `broken` when its end is not known, `redacted`."),
            "tenant": TEXT,
            "ivrprofile": TEXT,
            "parameters": {"type": "object", "additionalProperties": TEXT},
        },
        {"size": about(DIGITS, "Bytes, once the file has been made.")},
    )
    recording = record(
        {
            "id": about(TEXT, "The callUuid."),
            "callerPhoneNumber": TEXT,
            "dialedPhoneNumber": TEXT,
            "startTime": TIME,
            "stopTime": TIME,
            "nonDelete": FLAG,
            "holds": listed(TEXT),
            "mediaFiles": listed(ref("MediaFile")),
            "eventHistory": listed(ref("HistoryEntry")),
            **_PAIR,
        },
        {"labels": listed(ref("Label"))},
    )
    return {"Recording": recording, "MediaFile": media, "HistoryEntry": entry}


def _about_recordings() -> dict[str, Schema]:
    row = about(listed({"type": "integer", "minimum": -128, "maximum": 127}), "Lowest, highest, lowest, highest, …")
    peaks = record({"start": WHOLE, "stop": WHOLE, "agent": row, "other": row})
    line = record(
        {
            "dateTime": TIME,
            "userName": TEXT,
            "action": TEXT,
            "subject": TEXT,
            "result": TEXT,
            "origin": TEXT,
            "detail": {"type": "object", "additionalProperties": TEXT},
        }
    )
    return {"Peaks": peaks, "TrailLine": line, **_labels(), **_evidence()}


def _labels() -> dict[str, Schema]:
    definition = {"name": TEXT, "displayName": TEXT, "description": TEXT, **_PAIR}
    return {
        "RecordingLabelDefinition": record(definition),
        "Label": record({**definition, "value": TEXT, "userName": about(TEXT, "Who put it there."), "dateTime": TIME}),
    }


def _evidence() -> dict[str, Schema]:
    signed = {
        "document": about(TEXT, "Canonical JSON, exactly as it was signed."),
        "signature": about(TEXT, "The Ed25519 signature of exactly these bytes, with its public key, as JSON."),
    }
    tombstone = {
        "id": TEXT,
        "dateTime": TIME,
        **signed,
    }
    job = {"id": TEXT, "userName": TEXT, "createdTime": TIME, "sealed": FLAG, "state": words("preparing", "ready", "failed")}
    counts = {"recordings": WHOLE, "done": WHOLE, "bytes": about(WHOLE, "Of what is looked through.")}
    export = record({**job, **counts, **_PAIR}, {"finishedTime": TIME, "reason": TEXT, "purpose": TEXT, "packagePath": PATH})
    trouble = {"callUuid": TEXT, "problem": words(*(each.name.lower() for each in Problem)), "text": TEXT, "dateTime": TIME}
    wish = {"id": TEXT, "action": TEXT, "subject": TEXT, "userName": about(TEXT, "Who asked for it."), "dateTime": TIME}
    return {
        "Approval": record(wish, {"approvedBy": TEXT}),
        "Export": export,
        "Report": record({"mediaFileId": TEXT, **signed}),
        "Tombstone": record(tombstone),
        "Trouble": record(trouble),
    }


def _mended() -> Schema:
    stretch = {"offset": DIGITS, "duration": DIGITS}
    borrowed = record({**stretch, "track": words("agent", "other"), "mediaFileId": TEXT})
    return record(
        {
            "mediaFileId": TEXT,
            "startTime": TIME,
            "offset": about(DIGITS, "Milliseconds in front of the media file's own beginning."),
            "duration": about(DIGITS, "Milliseconds."),
            "doubles": about(listed(TEXT), "The media files of the same sound."),
            "borrowed": about(listed(borrowed), "What is heard from which of them; what is less than a second apart is one."),
            "keptOut": about(listed(record(stretch)), "What one of them or the media file itself kept out: silence."),
            "playPath": TEXT,
            "mediaUri": TEXT,
        }
    )


def _conversations() -> dict[str, Schema]:
    party = record({"phoneNumber": TEXT, "address": TEXT, "name": TEXT, "joinedTime": TIME}, {"leftTime": TIME})
    copy = record(
        {"id": about(TEXT, "The callUuid."), **_PAIR},
        {
            "client": about(TEXT, "The recording client that copied the call; only for copied calls, like what follows."),
            "startTime": TIME,
            "stopTime": TIME,
            "duplicateOf": about(TEXT, "An earlier recording of the conversation that holds the same."),
            "parties": listed(party),
            "facts": {"type": "object", "additionalProperties": TEXT},
            "otherCopiesPossible": about(FLAG, "Whether the client may have copied the call to other recorders too."),
        },
    )
    gap = record({"startTime": TIME, "stopTime": TIME, "duration": about(DIGITS, "Milliseconds.")})
    conversation = record(
        {
            "id": about(TEXT, "The callUuid of its first recording."),
            "recordings": listed(copy),
            "gaps": about(listed(gap), "Times between its recordings in which none was made."),
            "mended": about(listed(_mended()), "Media files of the recording asked for that others have more of."),
        }
    )
    snapshot = record({"number": WHOLE, "receivedTime": TIME, "contentType": TEXT, "document": TEXT}, {"error": TEXT})
    return {"Conversation": conversation, "Snapshot": snapshot}


def _events(*, modern: bool) -> dict[str, Schema]:
    measured: dict[str, Schema] = {"metrics": {"type": "object"}} if modern else {}

    def message(kind: str, always: dict[str, Schema], sometimes: dict[str, Schema] | None = None) -> Schema:
        return record({"messageType": {"const": kind}, **always, **measured}, sometimes)

    notice = words(*(each.value for each in Notice))
    extensions: dict[str, Schema] = {"extensions": {"type": "object", "additionalProperties": WHOLE}} if modern else {}
    call = message("CallStateChangeMessage", {"notificationType": notice, "call": ref("Call"), "phoneNumber": TEXT}, extensions)
    error = message(
        "ErrorMessage",
        {"errorMessage": TEXT, "errorCode": WHOLE, "callUri": LINK, "phoneNumber": TEXT},
        {"callPath": PATH} if modern else None,
    )
    return {
        "CallStateChangeMessage": call,
        "DeviceStateChangeMessage": message("DeviceStateChangeMessage", {"devices": listed(ref("Device"))}),
        "ChannelStateChangeMessageV2": message("ChannelStateChangeMessageV2", {"channels": listed(ref("Channel"))}),
        "ErrorMessage": error,
    }


def _token() -> Schema:
    at_once = {"id": TEXT, "name": TEXT, "userName": TEXT, "scopes": listed(TEXT), "createdAt": TEXT, "expiresAt": TEXT}
    return record(at_once, {"lastUsedAt": TEXT, "token": about(TEXT, "The token itself, once.")})


def _webhook() -> Schema:
    return record(
        {
            "name": TEXT,
            "url": LINK,
            "events": listed(TEXT),
            "told": about({"type": "integer", "minimum": 0}, "The number of what it was told last."),
        },
        {"failingSince": about(TIME, "Since when it takes nothing."), "reason": about(TEXT, "What it said last.")},
    )
