"""The one table from a refusal to its answer: HTTP status, `statusCode` and text (gws-api 8.4, 12)."""

from dataclasses import dataclass, field

import structlog

from telegraphone.domain import errors as domain
from telegraphone.services.ports import RecorderFull, Unavailable

log = structlog.get_logger()

INTERNAL_ERROR = "Internal server error - please contact administrator."


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is not 0: what the client is told, and the header fields that go with it."""

    http_status: int
    status_code: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A request ends with this failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


ACCESS_DENIED = Failure(403, 20, "Access denied")
ORIGIN_NOT_ALLOWED = Failure(403, 3, "Origin is not allowed.")
CSRF_TOKEN_WRONG = Failure(403, 3, "Missing or invalid Csrf token")
NOT_JSON = Failure(400, 2, "Request body is not valid JSON.")
NOT_JSON_TYPE = Failure(400, 2, "Content-Type must be application/json.")
BODY_TOO_LARGE = Failure(413, 2, "Request body is too large.")
BODY_TOO_SLOW = Failure(408, 2, "Request body did not arrive in time.")
UNKNOWN_URL = Failure(404, 6, "Requested resource cannot be found.")
DATABASE_UNAVAILABLE = Failure(503, 4, "The list of recordings is not available.", {"Retry-After": "5"})
RECORDER_UNAVAILABLE = Failure(500, 4, "Call recorder is not available.")
BROKEN = Failure(500, 4, INTERNAL_ERROR)
SIGN_INS_BUSY = Failure(503, 4, INTERNAL_ERROR, {"Retry-After": "5"})

TABLE: dict[type[domain.Refusal], tuple[int, int]] = {
    domain.ParameterMissing: (400, 1),
    domain.ParameterInvalid: (400, 2),
    domain.NotInState: (400, 2),
    domain.PermissionMissing: (403, 3),
    domain.PurposeMissing: (403, 3),
    domain.SecondPersonMissing: (403, 3),
    domain.RecordingLocked: (403, 3),
    domain.RecordingProtected: (403, 3),
    domain.RecordingHeld: (403, 3),
    domain.RecordingInProgress: (400, 2),
    domain.FeatureMissing: (403, 5),
    domain.RoleMissing: (403, 5),
    domain.NotFound: (404, 6),
    domain.ExistsAlready: (409, 18),
    domain.DestinationUnreachable: (500, 4),
    domain.DeviceNotRegistered: (500, 4),
}
"""Each refusal's HTTP status and `statusCode`; its text is its own."""


def failure_of(error: Exception) -> Failure:
    """What the client is told of this error. What has no place in the table is a defect of ours: it is logged with all
    there is to know, and the client learns nothing of it."""
    match error:
        case Refused(failure=failure):
            return failure
        case domain.Refusal() if type(error) in TABLE:
            return Failure(*TABLE[type(error)], str(error))
        case RecorderFull(retry_after_s=seconds):
            return Failure(503, 4, "Call recorder is out of capacity.", {"Retry-After": str(seconds)})
        case Unavailable(port="recorder"):
            return RECORDER_UNAVAILABLE
        case Unavailable(port="playback" | "archive", retryable=True):
            log.error("port_unavailable", port=error.port, error=str(error))
            return Failure(503, 4, "The recording cannot be reached now.", {"Retry-After": "30"})
        case Unavailable(port="database"):
            log.error("database_unavailable", error=str(error))
            return DATABASE_UNAVAILABLE
        case Unavailable():
            log.error("port_unavailable", port=error.port, error=str(error))
            return BROKEN
        case _:
            log.error("request_crashed", exc_info=error)
            return BROKEN


def method_not_allowed(methods: list[str]) -> Failure:
    """The URL is known, the method is not among its own (gws-api 3.1)."""
    return Failure(405, 2, "Method is not allowed.", {"Allow": ", ".join(methods)})
