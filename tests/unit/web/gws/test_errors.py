"""The table from refusals to answers: complete, and with the documented words."""

import pytest

from telegraphone.domain import errors as domain
from telegraphone.services.ports import RecorderFull, Unavailable
from telegraphone.web.gws.errors import TABLE, Failure, Refused, failure_of

INTERNAL = (500, 4, "Internal server error - please contact administrator.")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (domain.ParameterMissing("operationName"), (400, 1, "Required parameter 'operationName' is missing.")),
        (
            domain.ParameterInvalid("operationName"),
            (400, 2, "Parameter 'operationName' is invalid: The specified value is not within valid range"),
        ),
        (
            domain.NotInState("ResumeCallRecording", "recordingState is 'Stopped'"),
            (400, 2, "Operation 'ResumeCallRecording' is not valid in the current state: recordingState is 'Stopped'."),
        ),
        (domain.PermissionMissing(), (403, 3, "Insufficient recording permissions.")),
        (domain.RoleMissing(), (403, 5, "Insufficient user roles.")),
        (domain.FeatureMissing("api-voice"), (403, 5, "Feature 'api-voice' is not assigned to the user.")),
        (domain.NotFound("call", "x"), (404, 6, "Requested call [x] cannot be found.")),
        (domain.DestinationUnreachable("5005", "busy"), (500, 4, "Destination '5005' cannot be reached: busy.")),
        (domain.DeviceNotRegistered("5001"), (500, 4, "Device '5001' is not registered.")),
        (Unavailable("recorder", "disk full"), (500, 4, "Call recorder is not available.")),
        (RecorderFull(5), (503, 4, "Call recorder is out of capacity.")),
        (Unavailable("database"), (503, 4, "The list of recordings is not available.")),
        (Unavailable("playback", retryable=False), INTERNAL),
        (ValueError("a defect, with details"), INTERNAL),
    ],
)
def test_what_the_client_is_told(error: Exception, answer: tuple[int, int, str]) -> None:
    failure = failure_of(error)
    assert (failure.http_status, failure.status_code, failure.message) == answer


def test_every_refusal_has_its_answer() -> None:
    assert set(TABLE) == set(domain.Refusal.__subclasses__())


def test_a_failure_is_told_as_it_is() -> None:
    failure = Failure(418, 2, "no", {"X": "y"})
    assert failure_of(Refused(failure)) is failure


def test_only_a_full_recorder_says_when_to_come_back() -> None:
    assert failure_of(RecorderFull(5)).headers == {"Retry-After": "5"}
    assert failure_of(Unavailable("recorder")).headers == {}
