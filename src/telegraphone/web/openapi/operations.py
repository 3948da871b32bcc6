"""What each URL of the API is asked and answers, for each of its methods: one entry for one line of the route table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from telegraphone.domain.agent import DeviceOperation
from telegraphone.domain.operations import TRIGGERS, Operation
from telegraphone.limits import (
    COLLECTION_LIMIT_MAX,
    COLLECTION_OFFSET_MAX,
    LABEL_RECORDINGS_MAX,
    MATTER_CHARS_MAX,
    PEAK_COLUMNS_MAX,
    PURPOSE_CHARS_MAX,
    REDACTION_REASON_CHARS_MAX,
    TOKEN_DAYS_MAX,
)
from telegraphone.web.gws.media_files import TRACKS
from telegraphone.web.gws.search import STATES
from telegraphone.web.openapi.schema import DATA, FLAG, LINK, TEXT, WHOLE, Schema, about, listed, record, ref, some_of, words

Query = Mapping[str, Schema]

_PAGE: Final[Query] = {
    "limit": about({"type": "integer", "minimum": 0, "maximum": 999_999_999}, "At most so many."),
    "offset": about({"type": "integer", "minimum": 0, "maximum": 999_999_999}, "Begin behind so many."),
}
_FIELDS: Final[Query] = {"fields": about(TEXT, "`*` for whole resources, a comma list for some of their fields.")}
_CHILDREN: Final[Query] = {"subresources": about(TEXT, "`*`, or a comma list: devices, calls, channels, features, …")}
_ZERO: Final[Schema] = {"const": 0}


@dataclass(frozen=True, slots=True)
class Said:
    """One method of one URL. `answer` is the JSON of an answer of this `status`; without one it is bytes of this `media`
    type. `body` is what is to be sent, `query` what may be asked beside it."""

    summary: str
    answer: Schema | None = field(default_factory=lambda: ref("Done"))
    query: Query = field(default_factory=dict)
    body: Schema | None = None
    media: str = "audio/*"
    status: HTTPStatus = HTTPStatus.OK


def said(method: str, template: str) -> Said:
    """What is known of this method of this URL, below `/api/v2` or in full; KeyError for what nobody has described."""
    return _ALL[method, template]


def _answer(**members: Schema) -> Schema:
    return record({"statusCode": _ZERO, **members})


def _one(name: str, kind: str) -> Schema:
    """One resource, of which `fields` may select some."""
    return _answer(**{name: _selectable(kind)})


def _many(name: str, kind: str) -> Schema:
    """A collection: links, or with `fields` resources."""
    return {"anyOf": [_answer(uris=listed(LINK)), _answer(**{name: listed(_selectable(kind))})]}


def _selectable(kind: str) -> Schema:
    return ref(f"SomeOf{kind}")


def _none(name: str) -> Schema:
    """A collection we have nothing in."""
    nothing: Schema = {"type": "array", "maxItems": 0}
    return {"anyOf": [_answer(uris=nothing), _answer(**{name: nothing})]}


def _operation(names: Sequence[str], always: Query | None = None, sometimes: Query | None = None) -> Schema:
    """The body of an operation with these names; attributes that are not listed are ignored."""
    name: Schema = {"const": names[0]} if len(names) == 1 else {"enum": list(names)}
    return record({"operationName": name, **(always or {})}, sometimes, closed=False)


def _one_of(*bodies: Schema) -> Schema:
    return {"oneOf": list(bodies)}


_DESTINATION: Final[Query] = {"destination": record({"phoneNumber": {"type": "string", "minLength": 1}}, closed=False)}
_TO: Final = [
    Operation.SINGLE_STEP_TRANSFER,
    Operation.SINGLE_STEP_CONFERENCE,
    Operation.INITIATE_TRANSFER,
    Operation.INITIATE_CONFERENCE,
]
_WITH_ATTRIBUTES: Final[Sequence[tuple[Sequence[Operation], Query | None, Query | None]]] = [
    (_TO, _DESTINATION, {"userData": DATA}),
    ([Operation.ATTACH_USER_DATA, Operation.UPDATE_USER_DATA], {"userData": DATA}, None),
    ([Operation.DELETE_USER_DATA_PAIR], {"key": TEXT}, None),
    ([Operation.SEND_DTMF], {"digits": {"type": "string", "pattern": "^[0-9*#A-D]+$"}}, None),
    ([Operation.REMOVE_PARTICIPANT], {"participant": TEXT}, None),
    ([Operation.SWAP_CALLS], {"otherCallUri": TEXT}, None),
    ([Operation.COMPLETE_TRANSFER, Operation.COMPLETE_CONFERENCE], None, {"consultCallUri": TEXT}),
]
_TAKEN: Final = frozenset(operation for operations, _, _ in _WITH_ATTRIBUTES for operation in operations)
_ON_CALL: Final = _one_of(
    *(_operation([each.value for each in names], always, sometimes) for names, always, sometimes in _WITH_ATTRIBUTES),
    _operation([each.value for each in Operation if each not in _TAKEN]),
)
_DIAL: Final = _operation(["Dial"], _DESTINATION, {"userData": DATA})
_ON_DEVICE: Final = _one_of(
    _operation(["ForwardCallsOn"], {"destination": about(TEXT, "A number, not an object.")}),
    _operation([each.value for each in DeviceOperation if each is not DeviceOperation.FORWARD_CALLS_ON]),
    _operation([each.value for each in TRIGGERS]),
)
_STATE: Final = record({"operationName": about(TEXT, "That of an agent state, `Ready` for instance.")}, closed=False)
_MEDIA: Final[Query] = {"channels": {"type": "array", "items": TEXT, "minItems": 1}}
_ON_ME: Final[Schema] = {
    "anyOf": [
        _operation(["StartContactCenterSession"], _MEDIA, {"place": TEXT, "devicePath": TEXT, "loginCode": TEXT}),
        _operation(["EndContactCenterSession"]),
        _STATE,
    ]
}
_IN_PART: Final = record(
    {
        "statusCode": {"const": 7},
        "failed": listed({"type": "object"}),
        "succeeded": listed({"type": "object"}),
    }
)
_SETTINGS: Final = _answer(settings=listed(ref("Setting")), key={"const": "name"})
_STATES: Final = listed(ref("AgentState"))
_CRITERIA: Final[Query] = {
    **{
        name: about(TEXT, "Exact; `*` stands for any characters.")
        for name in ("callerPhoneNumber", "dialedPhoneNumber", "userName")
    },
    "callUuid": about(TEXT, "Exact."),
    "startTime": about(TEXT, "Begun at this time or later, `2015-09-10T16:58:22+0000`."),
    "endTime": about(TEXT, "Begun before this time."),
    "label": about(TEXT, "Bears a label of this name."),
    "userData": about(TEXT, "Has this user data, `key=value`."),
    "paused": about({"enum": ["true", "false"]}, "Whether it was paused."),
    "state": {"enum": list(STATES)},
    "minDuration": about({"type": "integer", "minimum": 0, "maximum": 999_999_999_999}, "At least so many milliseconds."),
    "maxDuration": about({"type": "integer", "minimum": 0, "maximum": 999_999_999_999}, "At most so many milliseconds."),
    "text": about(TEXT, "Words, each the beginning of one among numbers, names, ids, labels and user data."),
    "cursor": about(TEXT, "Where to go on, from `nextCursor`; brings its criteria along."),
    "limit": {"type": "integer", "minimum": 1, "maximum": COLLECTION_LIMIT_MAX, "default": COLLECTION_LIMIT_MAX},
    "offset": {"type": "integer", "minimum": 0, "maximum": COLLECTION_OFFSET_MAX},
    **_FIELDS,
    "subresources": about(TEXT, "`labels` or `*`."),
}
_FURTHER: Final = dict.fromkeys(("nextUri", "nextPath", "nextCursor", "previousUri", "previousPath"), TEXT)
_FOUND: Final[Schema] = {
    "anyOf": [
        record({"statusCode": _ZERO, "uris": listed(LINK)}, _FURTHER),
        record({"statusCode": _ZERO, "recordings": listed(_selectable("Recording"))}, _FURTHER),
    ]
}

_ME: Final = {
    ("GET", "/me"): Said("The user, with the child collections asked for", _answer(user=ref("User")), _CHILDREN),
    ("POST", "/me"): Said(
        "Start or end the contact-centre session, or set the agent's state",
        {"anyOf": [ref("Done"), _IN_PART]},
        body=_ON_ME,
    ),
    ("GET", "/me/channels"): Said("The agent's channels", _many("channels", "Channel"), {**_FIELDS, **_PAGE}),
    ("GET", "/me/channels/{channel}"): Said("One channel and the agent's state on it", _answer(channel=ref("Channel"))),
    ("POST", "/me/channels/{channel}"): Said("Set the agent's state", body=_STATE),
    ("GET", "/me/calls"): Said("The agent's calls", _many("calls", "Call"), {**_FIELDS, **_PAGE}),
    ("GET", "/me/calls/{id}"): Said("One call, by either form of its id", _one("call", "Call"), _FIELDS),
    ("POST", "/me/calls/{id}"): Said("An operation on a call; answered after its effect", body=_ON_CALL),
    ("GET", "/me/devices"): Said("The agent's devices", _many("devices", "Device"), {**_FIELDS, **_PAGE}),
    ("GET", "/me/permissions"): Said(
        "What the user may do with recordings",
        _answer(permissions=listed(TEXT), purposeRequired=about(FLAG, "Whether a purpose is to be stated before listening.")),
    ),
    ("GET", "/me/groups"): Said("Groups; none", _none("groups"), {**_FIELDS, **_PAGE, "type": TEXT}),
}


def _of_devices(root: str) -> dict[tuple[str, str], Said]:
    """The same for `/me/devices/{id}` and for `/devices/{id}`, where the first takes operations as well."""
    return {
        ("GET", root): Said("One of the agent's devices", _one("device", "Device"), _FIELDS),
        ("GET", f"{root}/calls"): Said("The calls at the device", _many("calls", "Call"), {**_FIELDS, **_PAGE}),
        ("POST", f"{root}/calls"): Said("Dial: the agent's phone rings first, then the destination", body=_DIAL),
        ("GET", f"{root}/settings/tserver"): Said("What the switch knows of the phone", _SETTINGS),
    }


_SOUND: Final[Query] = {
    "tracks": about(words(*TRACKS), "Agent left and other right, both in one track, or one party alone."),
    "download": about(TEXT, "`true`: to be saved under the file's name."),
    "mended": about(TEXT, "`true`: with what other recordings of the call have where this one has nothing."),
}
_STRETCH: Final[Query] = {
    "start": about({"type": "integer", "minimum": 0, "maximum": 999_999_999}, "Milliseconds."),
    "stop": about({"type": "integer", "minimum": 1, "maximum": 999_999_999}, "Milliseconds; not more than 15 minutes behind."),
    "columns": {"type": "integer", "minimum": 1, "maximum": PEAK_COLUMNS_MAX},
    "mended": _SOUND["mended"],
}
_PURPOSE: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": PURPOSE_CHARS_MAX}
_PLACE: Final[Schema] = about({"type": "integer", "minimum": 0}, "Milliseconds in the media file.")
_REASON: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": REDACTION_REASON_CHARS_MAX}
_MANY: Final[Schema] = {"type": "array", "items": TEXT, "minItems": 1, "maxItems": LABEL_RECORDINGS_MAX}
_SOUGHT: Final[Schema] = about({"type": "object", "additionalProperties": TEXT}, "Criteria of a search, one at least.")
_MADE: Final[Schema] = record({"statusCode": _ZERO, "uri": LINK, "path": TEXT})
_MATTER: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": MATTER_CHARS_MAX}
_TAKEN_OUT: Final = record({"recording": TEXT, "mediaFileId": TEXT, "start": _PLACE, "stop": _PLACE})
_RECORDINGS: Final = {
    ("GET", "/recordings"): Said("Search for recordings, newest first", _FOUND, _CRITERIA),
    ("GET", "/recordings/{id}"): Said(
        "One recording: all parts of one call", _one("recording", "Recording"), {**_FIELDS, "subresources": TEXT}
    ),
    ("DELETE", "/recordings/{id}"): Said("Destroy a recording, for good"),
    ("POST", "/recordings/{id}"): Said(
        "Protect a recording from deletion, hold it for a matter, and the contrary; take a span out; destroy it",
        {"anyOf": [ref("Done"), _answer(redacted=listed(_TAKEN_OUT)), _IN_PART]},
        body=_one_of(
            _operation(["applyNonDelete", "removeNonDelete"]),
            _operation(["placeHold", "releaseHold"], {"matter": _MATTER}),
            _operation(["redact"], {"mediaFileId": TEXT, "start": _PLACE, "stop": _PLACE, "reason": _REASON}),
            _operation(["redactConversation"], {"startTime": TEXT, "endTime": TEXT, "reason": _REASON}),
            _operation(["erase"], {"reason": _REASON}),
            _operation(["statePurpose"], {"purpose": _PURPOSE}),
        ),
    ),
    ("POST", "/recordings"): Said(
        "Label many recordings, hold all that a search finds, or end a matter",
        {"anyOf": [ref("Done"), _answer(found=WHOLE, held=WHOLE), _answer(released=WHOLE), _IN_PART]},
        body=_one_of(
            _operation(["addLabel"], {"name": TEXT, "recordings": _MANY}, {"value": TEXT}),
            _operation(["placeHold"], {"matter": _MATTER, "criteria": _SOUGHT}),
            _operation(["releaseHold"], {"matter": _MATTER}),
        ),
    ),
    ("GET", "/recordings/{id}/labels"): Said("The labels of a recording", _many("labels", "Label"), {**_FIELDS, **_PAGE}),
    ("POST", "/recordings/{id}/labels"): Said(
        "Put a label on a recording", _MADE, body=record({"name": TEXT}, {"value": TEXT}, closed=False), status=HTTPStatus.CREATED
    ),
    ("GET", "/recordings/{id}/labels/{name}"): Said("One label of a recording", _one("label", "Label"), _FIELDS),
    ("PUT", "/recordings/{id}/labels/{name}"): Said(
        "Give a label of a recording another value", body=record({}, {"value": TEXT}, closed=False)
    ),
    ("DELETE", "/recordings/{id}/labels/{name}"): Said("Take a label off a recording"),
    ("GET", "/recordings/{id}/pauses"): Said(
        "What the recording's pauses were, signed: one document for each part", _answer(reports=listed(ref("Report")))
    ),
    ("GET", "/recordings/{id}/completeness"): Said(
        "What is missing of the recording, signed: one document for each part", _answer(reports=listed(ref("Report")))
    ),
    ("GET", "/recordings/{id}/tombstone"): Said(
        "What is left of an erased recording, signed", _answer(tombstone=ref("Tombstone"))
    ),
    ("GET", "/recordings/{id}/conversation"): Said(
        "The recordings that are one conversation with this one, and who took part in each",
        _answer(conversation=ref("Conversation")),
    ),
    ("GET", "/recordings/{id}/snapshots"): Said(
        "What the recording client said of the call, as it came", _answer(snapshots=listed(ref("Snapshot")))
    ),
    ("GET", "/recordings/{id}/play/{file}"): Said("The audio of one part", None, _SOUND),
    ("HEAD", "/recordings/{id}/play/{file}"): Said("What the audio of one part is", None, _SOUND),
    ("GET", "/recordings/{id}/peaks/{file}"): Said(
        "The lowest and highest samples of one part, for drawing", _answer(peaks=ref("Peaks")), _STRETCH
    ),
    ("GET", "/recordings/{id}/trail"): Said(
        "Who heard the recording and did what to it, newest first", _answer(trail=listed(ref("TrailLine")))
    ),
    ("GET", "/recordings/{id}/export"): Said(
        "A package that proves itself anywhere",
        None,
        {"sealed": about(words("true", "false"), "Whether what was sealed is in it too.")},
        media="application/zip",
    ),
}
_WANTED: Final[Query] = {"criteria": _SOUGHT, "recordings": {"type": "array", "items": TEXT, "minItems": 1}}
_DEFINITION: Final[Query] = {"displayName": TEXT, "description": TEXT}
_KEY_DEED: Final = record({"action": words("rotate key", "back up keys")}, closed=False)
_LABELS: Final = {
    ("GET", "/reconciliation"): Said(
        "Calls that were to be recorded and of which no whole recording is kept",
        _answer(waiting=WHOLE, troubles=listed(ref("Trouble"))),
    ),
    ("GET", "/approvals"): Said(
        "What waits for a second person, or may be asked for", _answer(approvals=listed(ref("Approval")), keyDeeds=listed(TEXT))
    ),
    ("POST", "/approvals"): Said(
        "Ask for what is done to keys", _answer(approval=ref("Approval")), body=_KEY_DEED, status=HTTPStatus.CREATED
    ),
    ("POST", "/approvals/{id}"): Said("Approve what somebody else asked for", body=_operation(["approve"])),
    ("DELETE", "/approvals/{id}"): Said("Refuse it, or take one's own wish back"),
    ("GET", "/exports"): Said("Packages of many recordings, the newest first", _answer(exports=listed(ref("Export")))),
    ("POST", "/exports"): Said(
        "Begin a package of many recordings",
        _answer(export=ref("Export")),
        body={
            "anyOf": [record({name: each}, {"sealed": FLAG, "purpose": _PURPOSE}, closed=False) for name, each in _WANTED.items()]
        },
        status=HTTPStatus.CREATED,
    ),
    ("GET", "/exports/{id}"): Said("How far a package is", _answer(export=ref("Export"))),
    ("DELETE", "/exports/{id}"): Said("Cancel a package, or forget it"),
    ("GET", "/exports/{id}/package"): Said("The package, when it is ready", None, media="application/zip"),
    ("HEAD", "/exports/{id}/package"): Said("What the package is", None, media="application/zip"),
    ("GET", "/recording-label-definitions"): Said(
        "The label definitions", _many("recordingLabelDefinitions", "RecordingLabelDefinition"), {**_FIELDS, **_PAGE}
    ),
    ("POST", "/recording-label-definitions"): Said(
        "Define a label", _MADE, body=record({"name": TEXT}, _DEFINITION, closed=False), status=HTTPStatus.CREATED
    ),
    ("GET", "/recording-label-definitions/{name}"): Said(
        "One label definition", _one("recordingLabelDefinition", "RecordingLabelDefinition"), _FIELDS
    ),
    ("PUT", "/recording-label-definitions/{name}"): Said(
        "Change what a label definition says", body=record({}, _DEFINITION, closed=False)
    ),
    ("DELETE", "/recording-label-definitions/{name}"): Said("Forget a label definition; labels that use it stay"),
}
_START: Final = {
    ("GET", "/services"): Said("What works", _many("services", "Service"), {**_FIELDS, **_PAGE}),
    ("GET", "/groups"): Said("Groups; none", _none("groups"), {**_FIELDS, **_PAGE, "type": TEXT}),
    ("GET", "/workbins"): Said("Work bins; none", _none("workbins"), {**_FIELDS, **_PAGE}),
    ("GET", "/users"): Said("Users; none", _none("users"), {**_FIELDS, **_PAGE}),
    ("GET", "/contacts"): Said("The agents of the contact centre", _many("contacts", "Contact"), {**_FIELDS, **_PAGE}),
    ("GET", "/contacts/{id}"): Said("One agent as a contact", _answer(contact=ref("Contact"))),
    ("GET", "/settings/agent-states"): Said("The states an agent can be in", _answer(settings=_STATES), _PAGE),
    ("GET", "/settings/general-settings"): Said(
        "The country of the number plan; none is used",
        _answer(settings=record({"countryCode": TEXT, "countryDigits": TEXT, "countryName": TEXT})),
    ),
    ("GET", "/diagnostics/version"): Said("The version desktops look for", _answer(version=TEXT)),
    ("GET", "/openapi.json"): Said("This description", {"type": "object", "required": ["openapi", "info", "paths"]}),
}
_ADMIN: Final = {
    ("GET", "/tokens"): Said("The API tokens this user may see", _answer(tokens=listed(ref("Token")))),
    ("POST", "/tokens"): Said(
        "Make an API token; its text is in this answer and nowhere else",
        _answer(token=ref("Token")),
        body=record(
            {"name": {"type": "string", "minLength": 1}, "scopes": {"type": "array", "items": TEXT, "minItems": 1}},
            {"expiresInDays": {"type": "integer", "minimum": 1, "maximum": TOKEN_DAYS_MAX}},
            closed=False,
        ),
        status=HTTPStatus.CREATED,
    ),
    ("DELETE", "/tokens/{id}"): Said("End an API token"),
    ("GET", "/webhooks"): Said("How it goes with the webhooks", _answer(webhooks=listed(ref("Webhook")))),
    ("POST", "/webhooks/{name}"): Said(
        "Tell a webhook again what happened behind a number",
        _answer(webhook=ref("Webhook")),
        body=_operation(["Replay"], {"after": {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}}),
    ),
}
_INTERNAL: Final = {
    ("GET", "/internal-api/me/settings"): Said(
        "The agent states, as Workspace Web Edition asks for them",
        _answer(resources=record({"agentStates": _STATES, "user": record({"settings": {"type": "array"}})})),
    ),
    **{
        ("GET", f"/internal-api/{name}"): Said(
            "Business attributes; none", _answer(resources=record({"businessAttributes": {"type": "array", "maxItems": 0}}))
        )
        for name in ("contact-center", "business-attributes")
    },
    ("POST", "/internal-api/operations"): Said(
        "User events of desktops; taken and ignored", body=record({"operationName": TEXT}, closed=False)
    ),
}

_ALL: Final[Mapping[tuple[str, str], Said]] = {
    **_ME,
    **_of_devices("/me/devices/{id}"),
    ("POST", "/me/devices/{id}"): Said("Where the device's calls go, or recording the call it is in", body=_ON_DEVICE),
    **_of_devices("/devices/{id}"),
    **_RECORDINGS,
    **_LABELS,
    **_START,
    **_ADMIN,
    **_INTERNAL,
}

SELECTABLE: Final = (
    "Call",
    "Channel",
    "Contact",
    "Device",
    "Label",
    "Recording",
    "RecordingLabelDefinition",
    "Service",
)
"""Resources of which clients may ask for some fields."""


def selectable(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """The schemas of resources with only those fields that a client listed."""
    return {f"SomeOf{name}": some_of(schemas[name]) for name in SELECTABLE}
