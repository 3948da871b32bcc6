"""Tells agents what happened: notices of the use cases become CometD messages in this installation's generation of the
API, encoded once and handed to every client of the agent in the order of the changes (gws-api 11)."""

from typing import Protocol

import structlog

from telegraphone.domain.views import CallNotice, PauseForgotten, RecordingBroken
from telegraphone.services.ports import Clock, DeviceNotice, Notification
from telegraphone.web.gws.answers import encode
from telegraphone.web.gws.representations import Json, Shapes

log = structlog.get_logger()

CALLS = "/v2/me/calls"
DEVICES = "/v2/me/devices"
CHANNELS = "/v2/me/channels"

_RECORDER_FAILED = 4
_STATE_IN_QUESTION = 2


class Hub(Protocol):
    """Where a user's CometD clients are reached."""

    def publish(self, user_name: str, channel: str, payload: bytes) -> None:
        """Hands `payload`, the JSON of `data`, to every client of this user that listens to the channel."""


class CometdNotifier:
    """A `Notifier` over a CometD hub."""

    def __init__(self, shapes: Shapes, hub: Hub, clock: Clock) -> None:
        self._shapes = shapes
        self._hub = hub
        self._clock = clock

    def publish(self, notice: Notification) -> None:
        """See `Notifier.publish`."""
        try:
            self._publish(notice)
        except Exception:  # a notice that cannot be written down must not end the call it is about
            log.exception("notice_lost", kind=type(notice).__name__)

    def _publish(self, notice: Notification) -> None:
        began = self._clock.now()
        for channel, data in messages_of(notice, self._shapes):
            if self._shapes.modern:
                data["metrics"] = self._metrics(began)
            self._hub.publish(notice.agent.user_name, channel, encode(data))

    def _metrics(self, began: float) -> Json:
        """What the real server tells of its own work on an event (gws-api 11.1); ours is true."""
        taken_s = self._clock.now() - began
        processing = {
            "nodeProcessingTimeNanos": round(taken_s * 1e9),
            "serverGenerationTimestamp": round(self._clock.utc().timestamp() * 1000),
            "serverProcessingTimeTotalMs": round(taken_s * 1e3),
        }
        return {"eventProcessing": processing}


def messages_of(notice: Notification, shapes: Shapes) -> list[tuple[str, Json]]:
    """The channels and `data` members that tell an agent of this notice, in order, without `metrics`."""
    match notice:
        case CallNotice():
            return [(CALLS, _call_state_change(notice, shapes))]
        case RecordingBroken():
            return [(CALLS, _recording_error(notice, shapes, "Call recording has stopped unexpectedly.", _RECORDER_FAILED))]
        case PauseForgotten():
            return [(CALLS, _recording_error(notice, shapes, "Call recording has been paused for long.", _STATE_IN_QUESTION))]
        case DeviceNotice(device=device, state_changed=state_changed):
            told: list[tuple[str, Json]] = [
                (DEVICES, {"messageType": "DeviceStateChangeMessage", "devices": [shapes.device(device)]})
            ]
            if state_changed:
                voice = shapes.voice(device)
                told.append((CHANNELS, {"messageType": "ChannelStateChangeMessageV2", "channels": [voice]}))
            return told


def _call_state_change(notice: CallNotice, shapes: Shapes) -> Json:
    data: Json = {
        "messageType": "CallStateChangeMessage",
        "call": shapes.call(notice.call),
        "phoneNumber": notice.call.device.dn,
        "notificationType": notice.notice.value,
    }
    extensions = shapes.extensions(notice.notice, notice.call)
    return data if extensions is None else {**data, "extensions": extensions}


def _recording_error(notice: RecordingBroken | PauseForgotten, shapes: Shapes, text: str, code: int) -> Json:
    data: Json = {
        "messageType": "ErrorMessage",
        "errorMessage": text,
        "errorCode": code,
        "callUri": shapes.call_uri(notice.call),
    }
    if shapes.modern:
        data["callPath"] = shapes.call_path(notice.call)
    return {**data, "phoneNumber": notice.call.device.dn}
