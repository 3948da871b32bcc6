"""Why a caller may not have what it asked for; each face turns a refusal into its own protocol's words.

These are the only values here that are not frozen: Python itself writes a traceback into an exception on its way up.
"""

from dataclasses import dataclass
from datetime import datetime


class Refusal(Exception):
    """The caller may not; nothing has changed. Subclasses say why, never which status code that is somewhere."""


@dataclass(slots=True, unsafe_hash=True)
class NotInState(Refusal):
    """The operation exists but not in this state; `state` is told in the client's words, as `call state is 'Ringing'`."""

    operation: str
    state: str

    def __str__(self) -> str:
        return f"Operation '{self.operation}' is not valid in the current state: {self.state}."


@dataclass(slots=True, unsafe_hash=True)
class NotFound(Refusal):
    """No such thing for this caller; what exists but is not theirs looks the same (properties SEC-1)."""

    kind: str
    reference: str

    def __str__(self) -> str:
        return f"Requested {self.kind} [{self.reference}] cannot be found."


@dataclass(slots=True, unsafe_hash=True)
class ExistsAlready(Refusal):
    """There is one of that name."""

    kind: str
    reference: str

    def __str__(self) -> str:
        return f"The {self.kind} [{self.reference}] exists already."


@dataclass(slots=True, unsafe_hash=True)
class RecordingLocked(Refusal):
    """The store keeps the recording for everybody until a date, and so do we: its keys are not destroyed before."""

    recording: str
    until: datetime

    def __str__(self) -> str:
        return f"Recording [{self.recording}] is locked until {self.until.isoformat(timespec='seconds')}."


@dataclass(slots=True, unsafe_hash=True)
class FeatureMissing(Refusal):
    """The agent's account lacks a feature that an administrator may give."""

    feature: str

    def __str__(self) -> str:
        return f"Feature '{self.feature}' is not assigned to the user."


@dataclass(slots=True, unsafe_hash=True)
class RoleMissing(Refusal):
    """The agent's role does not cover the operation."""

    def __str__(self) -> str:
        return "Insufficient user roles."


@dataclass(slots=True, unsafe_hash=True)
class PermissionMissing(Refusal):
    """The role covers the operation, but a permission was not given."""

    def __str__(self) -> str:
        return "Insufficient recording permissions."


@dataclass(slots=True, unsafe_hash=True)
class SecondPersonMissing(Refusal):
    """The contact centre wants somebody else to approve this first."""

    approval_id: str

    def __str__(self) -> str:
        return f"A second person has to approve this first: approval [{self.approval_id}]."


@dataclass(slots=True, unsafe_hash=True)
class PurposeMissing(Refusal):
    """The contact centre wants to be told what the recording is heard for."""

    call_uuid: str

    def __str__(self) -> str:
        return f"State the purpose for which recording [{self.call_uuid}] is heard first."


@dataclass(slots=True, unsafe_hash=True)
class ParameterMissing(Refusal):
    """A required attribute of the request is absent."""

    name: str

    def __str__(self) -> str:
        return f"Required parameter '{self.name}' is missing."


@dataclass(slots=True, unsafe_hash=True)
class ParameterInvalid(Refusal):
    """An attribute of the request has a value outside its range."""

    name: str
    detail: str = "The specified value is not within valid range"

    def __str__(self) -> str:
        return f"Parameter '{self.name}' is invalid: {self.detail}"


@dataclass(slots=True, unsafe_hash=True)
class DestinationUnreachable(Refusal):
    """The number exists, but nobody can be reached there now; `why` is the switch's reason."""

    number: str
    why: str

    def __str__(self) -> str:
        return f"Destination '{self.number}' cannot be reached: {self.why}."


@dataclass(slots=True, unsafe_hash=True)
class DeviceNotRegistered(Refusal):
    """The agent's phone is not registered at the switch, or nobody is signed in on it."""

    dn: str

    def __str__(self) -> str:
        return f"Device '{self.dn}' is not registered."


@dataclass(slots=True, unsafe_hash=True)
class RecordingInProgress(Refusal):
    """A part of the recording is still being made."""

    call_uuid: str

    def __str__(self) -> str:
        return f"Recording [{self.call_uuid}] is in progress."


@dataclass(slots=True, unsafe_hash=True)
class RecordingHeld(Refusal):
    """The recording is held for a court: nothing of it may be destroyed."""

    call_uuid: str

    def __str__(self) -> str:
        return f"Recording [{self.call_uuid}] is held and may not be changed."


@dataclass(slots=True, unsafe_hash=True)
class RecordingProtected(Refusal):
    """The recording is protected from deletion, or held for a court."""

    call_uuid: str

    def __str__(self) -> str:
        return f"Recording [{self.call_uuid}] is protected from deletion."
