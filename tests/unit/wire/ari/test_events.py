"""Events as a real Asterisk sent them, and what no Asterisk should send."""

import json
from collections import Counter
from pathlib import Path

import pytest

from telegraphone.limits import ARI_TEXT_CHARS_MAX
from telegraphone.wire.ari.events import (
    ApplicationReplaced,
    AriDestroyed,
    AriEvent,
    DigitPressed,
    HangupRequested,
    HoldPressed,
    HoldReleased,
    PeerChanged,
    StasisEnded,
    StasisStarted,
    StateChanged,
    parse_event,
)
from telegraphone.wire.ari.resources import AriChannel, AriEndpoint
from telegraphone.wire.errors import RemoteProtocolError

LINES = (Path(__file__).parents[3] / "fixtures" / "ari" / "events.jsonl").read_text().splitlines()

OLD_FIELDS = {
    *("type", "timestamp", "args", "cause", "digit", "channel", "endpoint"),
    *("id", "name", "state", "caller", "number", "dialplan", "exten", "app_name", "app_data", "resource"),
}


def of(kind: str) -> list[AriEvent | None]:
    return [parse_event(line) for line in LINES if json.loads(line)["type"] == kind]


def event(kind: str, **fields: object) -> str:
    return json.dumps({"type": kind, "channel": {"id": "7", "name": "PJSIP/5001-0000000a", "state": "Up"}, **fields})


def test_what_a_real_asterisk_sends_is_understood_or_let_be() -> None:
    kinds = Counter(type(parse_event(line)).__name__ for line in LINES)
    assert kinds["NoneType"] == sum(
        json.loads(line)["type"]
        in {
            "BridgeDestroyed",
            "ChannelCallerId",
            "ChannelConnectedLine",
            "ChannelCreated",
            "ChannelEnteredBridge",
            "ChannelLeftBridge",
            "ContactStatusChange",
            "Dial",
            "EndpointStateChange",
        }
        for line in LINES
    )
    assert kinds["AriDestroyed"] == 9


def bare(found: object) -> object:
    """Only what every release since 16 says."""
    return {name: bare(value) for name, value in found.items() if name in OLD_FIELDS} if isinstance(found, dict) else found


@pytest.mark.parametrize("line", LINES)
def test_what_later_releases_have_added_is_not_needed(line: str) -> None:
    told = json.dumps(bare(json.loads(line)))
    assert len(told) < len(line)
    assert parse_event(told) == parse_event(line)


def test_a_call_is_handed_over_with_what_the_dialplan_says() -> None:
    arrived, originated = of("StasisStart")
    assert isinstance(arrived, StasisStarted)
    assert arrived.arguments == ("5001",)
    assert arrived.ari == AriChannel("1795822317.0", "PJSIP/5000-00000000", "Ring", "5000", "5001", "telegraphone", ("5001",))
    assert (arrived.ari.technology, arrived.ari.endpoint) == ("PJSIP", "5000")
    assert isinstance(originated, StasisStarted)
    assert (originated.ari.id, originated.arguments) == ("x-1", ())


def test_a_leg_rings_is_answered_and_ends() -> None:
    assert [each.ari.state for each in of("ChannelStateChange") if isinstance(each, StateChanged)] == ["Ringing", "Up"]
    assert [each.cause for each in of("ChannelHangupRequest") if isinstance(each, HangupRequested)] == [0, 16, 32, 21, 17, 127]
    assert {each.cause for each in of("ChannelDestroyed") if isinstance(each, AriDestroyed)} >= {1, 16, 17, 21, 127}
    [ended] = of("StasisEnd")
    assert isinstance(ended, StasisEnded)


def test_keys_holds_and_phones_that_come_and_go() -> None:
    [held], [released], [pressed] = of("ChannelHold"), of("ChannelUnhold"), of("ChannelDtmfReceived")
    assert isinstance(held, HoldPressed)
    assert isinstance(released, HoldReleased)
    assert isinstance(pressed, DigitPressed)
    assert (pressed.digit, pressed.at[:10]) == ("*", "2026-11-27")
    assert of("PeerStatusChange") == [
        PeerChanged(AriEndpoint("5000", online=True)),
        PeerChanged(AriEndpoint("5002", online=False)),
    ]


def test_another_program_has_taken_the_application() -> None:
    assert parse_event(json.dumps({"type": "ApplicationReplaced", "application": "telegraphone"})) == ApplicationReplaced()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        "[" * 100_000,
        "[]",
        "7",
        "{}",
        json.dumps({"type": 7}),
        json.dumps({"type": "StasisEnd"}),
        json.dumps({"type": "StasisEnd", "channel": []}),
        json.dumps({"type": "StasisEnd", "channel": {"name": "PJSIP/5001-1"}}),
        event("StasisEnd", channel={"id": "x" * (ARI_TEXT_CHARS_MAX + 1)}),
        event("StasisStart", args="5001"),
        event("StasisStart", args=[7]),
        event("ChannelDestroyed", cause="normal"),
        event("ChannelDtmfReceived", digit=1),
        json.dumps({"type": "PeerStatusChange", "endpoint": {"state": "online"}}),
    ],
)
def test_what_is_no_event_is_said_to_be_none(data: str | bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_event(data)


def test_what_is_not_known_yet_is_no_mistake() -> None:
    assert parse_event(json.dumps({"type": "ChannelToneDetected", "channel": 7})) is None
    assert isinstance(parse_event(event("ChannelHold", musicclass=None, extra={"new": 1})), HoldPressed)
