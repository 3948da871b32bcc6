"""The exact words of every refusal."""

from datetime import UTC, datetime

import pytest

from telegraphone.domain import errors


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (
            errors.NotInState("PauseCallRecording", "recordingState is 'Stopped'"),
            "Operation 'PauseCallRecording' is not valid in the current state: recordingState is 'Stopped'.",
        ),
        (errors.NotFound("call", "0071022ec8ac8056"), "Requested call [0071022ec8ac8056] cannot be found."),
        (errors.FeatureMissing("api-voice-recording"), "Feature 'api-voice-recording' is not assigned to the user."),
        (errors.RoleMissing(), "Insufficient user roles."),
        (errors.PermissionMissing(), "Insufficient recording permissions."),
        (errors.ParameterMissing("operationName"), "Required parameter 'operationName' is missing."),
        (
            errors.ParameterInvalid("operationName"),
            "Parameter 'operationName' is invalid: The specified value is not within valid range",
        ),
        (
            errors.RecordingLocked("0d3f9f3e", datetime(2030, 1, 2, tzinfo=UTC)),
            "Recording [0d3f9f3e] is locked until 2030-01-02T00:00:00+00:00.",
        ),
        (errors.DeviceNotRegistered("5001"), "Device '5001' is not registered."),
    ],
)
def test_words(refusal: errors.Refusal, words: str) -> None:
    assert str(refusal) == words
