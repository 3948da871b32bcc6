"""Calls, devices and users in JSON: the documented examples key for key, and what differs between the generations."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from telegraphone.domain.agent import AGENT_STATES, Agent, AgentState, Desk, Device, DeviceView, Feature, Role
from telegraphone.domain.call import CallType, LegState, Notice
from telegraphone.domain.ids import CallUuid, ConnId, Dn
from telegraphone.domain.operations import Operation
from telegraphone.domain.views import CallNotice, CallView, PauseForgotten, RecordingBroken
from telegraphone.services.ports import DeviceNotice
from telegraphone.web.gws.representations import Shapes, agent_state, roles
from telegraphone.web.notifier import messages_of
from telegraphone.web.settings import Compatibility, WebSettings

FIXTURES = Path(__file__).parents[3] / "fixtures" / "gws"
URL = "http://127.0.0.1:8080"
OLD = Shapes.of(WebSettings(URL))
NEW = Shapes.of(WebSettings(URL, Compatibility.V8_5_2))
UUID, CONN_ID, DEVICE_ID = "00RV9H7S6O8V3BSHAG7GK2LAES00002M", "0071022ec8ac8056", "55b8023d-573d-48d3-b4ac-e29ba3c5861d"
NAME = f"{UUID}_5001_5000_5001_2013-08-09_21-11-22_hpe-voicevm-84.genesyslab.com__%3Ccont_center_id%3E"
DEVICE = Device(DEVICE_ID, Dn("5001"))
AGENT = Agent("agent.one", "0123456789abcdef0123456789abcdef", "Agent", "One", device=DEVICE)
USER_DATA = {
    "IW_CaseUid": "8dfca5ac-ed84-4f9a-d902-8ef3c2faad81",
    "IW_BundleUid": "ba431089-f52b-4ce2-0658-f8bdfdfe3034",
}
RECORDING_OPERATIONS = {
    "start": (Operation.PAUSE_RECORDING, Operation.STOP_RECORDING),
    "pause": (Operation.RESUME_RECORDING, Operation.STOP_RECORDING),
    "resume": (Operation.PAUSE_RECORDING, Operation.STOP_RECORDING),
    "stop": (Operation.START_RECORDING,),
}
USUAL = (
    Operation.DELETE_USER_DATA_PAIR,
    Operation.UPDATE_USER_DATA,
    Operation.HANGUP,
    Operation.DELETE_USER_DATA,
    Operation.ATTACH_USER_DATA,
)
NOT_YET = {"SingleStepTransfer", "InitiateConference", "InitiateTransfer", "Hold", "SingleStepConference", "SendDtmf"}


def _view(**fields: Any) -> CallView:
    view = CallView(
        call_uuid=CallUuid(UUID),
        conn_id=ConnId(CONN_ID),
        state=LegState.ESTABLISHED,
        type=CallType.INTERNAL,
        device=DEVICE,
        participants=("5000",),
        ani="5000",
        dnis="5001",
        capabilities=USUAL,
        user_data=USER_DATA,
        duration_s=106,
        recording_state="Recording",
        may_record=True,
        recording_name=NAME,
    )
    return replace(view, **fields)


@pytest.mark.parametrize(
    ("name", "state", "seconds"),
    [("start", "Recording", 106), ("pause", "Paused", 141), ("resume", "Recording", 588), ("stop", "Stopped", 613)],
)
def test_the_documented_events_key_for_key(name: str, state: str, seconds: int) -> None:
    capabilities = (*USUAL, *RECORDING_OPERATIONS[name])
    view = _view(recording_state=state, duration_s=seconds, capabilities=capabilities)
    [(topic, data)] = messages_of(CallNotice(AGENT, Notice.RECORDING, view), OLD)
    printed = json.loads((FIXTURES / f"{name}.event.json").read_text())
    listed = printed["data"]["call"]["capabilities"]
    printed["data"]["call"]["capabilities"] = [each for each in listed if each not in NOT_YET]
    ours = {"data": data, "channel": topic}
    assert ours == printed
    assert json.dumps(ours) == json.dumps(printed), "the order of keys is the printed one, for readers"


def test_the_call_of_the_later_generation() -> None:
    capabilities = (*USUAL, Operation.RESUME_RECORDING, Operation.STOP_RECORDING)
    call = NEW.call(_view(recording_state="Paused", duration_s=141, capabilities=capabilities, user_data={}))
    assert call == {
        "id": UUID,
        "state": "Established",
        "callUuid": UUID,
        "connId": CONN_ID,
        "deviceUri": f"{URL}/api/v2/devices/{DEVICE_ID}",
        "participants": [{"e164Number": "", "formattedPhoneNumber": "5000", "phoneNumber": "5000", "digits": "5000"}],
        "ani": "5000",
        "dnis": "5001",
        "callType": "Internal",
        "capabilities": [each.value for each in capabilities],
        "userData": {"GSIP_RECORD": "PAUSED", "GSIP_REC_FN": NAME},
        "duration": "141",
        "mute": "Off",
        "recordingState": "Paused",
        "supervisorListeningIn": False,
        "monitoredUserMuted": False,
        "monitoring": False,
        "uri": f"{URL}/api/v2/me/calls/{UUID}",
        "path": f"/calls/{UUID}",
        "case": [],
    }


@pytest.mark.parametrize("shapes", [OLD, NEW])
def test_before_the_first_start_there_is_no_trace_in_user_data(shapes: Shapes) -> None:
    call = shapes.call(_view(recording_state="Stopped", recording_name="", user_data={"a": {"b": [1, None]}}))
    assert call["userData"] == {"a": {"b": [1, None]}}
    assert call["recordingState"] == "Stopped"
    assert "userData" not in shapes.call(_view(recording_name="", user_data={}))


@pytest.mark.parametrize("shapes", [OLD, NEW])
def test_a_released_call_shows_stopped_and_off(shapes: Shapes) -> None:
    call: dict[str, Any] = shapes.call(_view(state=LegState.RELEASED, recording_state="Recording", capabilities=()))
    assert call["recordingState"] == "Stopped"
    assert call["userData"]["GSIP_RECORD"] == "OFF"
    assert call["capabilities"] == []
    assert "case" not in call


@pytest.mark.parametrize("shapes", [OLD, NEW])
def test_without_the_feature_the_state_is_hidden_but_not_the_user_data(shapes: Shapes) -> None:
    call: dict[str, Any] = shapes.call(_view(may_record=False))
    assert "recordingState" not in call
    assert call["userData"]["GSIP_RECORD"] == "ON"


def test_ani_is_there_only_when_another_party_called() -> None:
    assert "ani" not in OLD.call(_view(ani=""))
    assert "ani" not in NEW.call(_view(ani=""))


@pytest.mark.parametrize(
    ("number", "e164", "digits"),
    [("+1 (555) 010-0042", "+1 (555) 010-0042", "15550100042"), ("5000", "", "5000"), ("*86#", "", "*86#")],
)
def test_a_participant_of_the_later_generation(number: str, e164: str, digits: str) -> None:
    call: dict[str, Any] = NEW.call(_view(participants=(number,)))
    [participant] = call["participants"]
    expected = {"e164Number": e164, "formattedPhoneNumber": number, "phoneNumber": number, "digits": digits}
    assert participant == expected


@pytest.mark.parametrize(
    ("notice", "state", "type_", "extensions"),
    [
        (Notice.STATUS, LegState.RINGING, CallType.INTERNAL, {"BusinessCall": 0}),
        (Notice.STATUS, LegState.ESTABLISHED, CallType.INBOUND, {"BusinessCall": 1, "WrapUpTime": 0}),
        (Notice.STATUS, LegState.RELEASED, CallType.OUTBOUND, {"BusinessCall": 1, "WrapUpTime": 0}),
        (Notice.STATUS, LegState.DIALING, CallType.INTERNAL, None),
        (Notice.STATUS, LegState.HELD, CallType.INTERNAL, None),
        (Notice.RECORDING, LegState.ESTABLISHED, CallType.INBOUND, None),
        (Notice.USER_DATA, LegState.RINGING, CallType.INBOUND, None),
    ],
)
def test_extensions(notice: Notice, state: LegState, type_: CallType, extensions: dict[str, int] | None) -> None:
    told = CallNotice(AGENT, notice, _view(state=state, type=type_))
    [(_, data)] = messages_of(told, NEW)
    assert data.get("extensions") == extensions
    [(_, data)] = messages_of(told, OLD)
    assert "extensions" not in data


def test_a_broken_recording() -> None:
    broken = RecordingBroken(AGENT, _view())
    said = {
        "messageType": "ErrorMessage",
        "errorMessage": "Call recording has stopped unexpectedly.",
        "errorCode": 4,
        "phoneNumber": "5001",
    }
    assert messages_of(broken, OLD) == [("/v2/me/calls", {**said, "callUri": f"{URL}/api/v2/me/calls/{CONN_ID}"})]
    expected = {**said, "callUri": f"{URL}/api/v2/me/calls/{UUID}", "callPath": f"/calls/{UUID}"}
    assert messages_of(broken, NEW) == [("/v2/me/calls", expected)]


def test_a_pause_that_lasts() -> None:
    [(channel, said)] = messages_of(PauseForgotten(AGENT, _view()), NEW)
    assert (channel, said["messageType"], said["callPath"]) == ("/v2/me/calls", "ErrorMessage", f"/calls/{UUID}")
    assert (said["errorMessage"], said["errorCode"]) == ("Call recording has been paused for long.", 2)


def test_a_device_before_and_after_the_first_state() -> None:
    signed_in = DeviceView(DEVICE, registered=True, desk=Desk(signed_in=True))
    device = OLD.device(signed_in)
    assert device == {
        "id": DEVICE_ID,
        "deviceState": "Active",
        "userState": {"state": "LoggedIn"},
        "phoneNumber": "5001",
        "description": "",
        "e164Number": "",
        "telephonyNetwork": "Private",
        "doNotDisturb": "Off",
        "voiceEnvironmentUri": device["voiceEnvironmentUri"],
        "capabilities": ["DoNotDisturbOn", "ForwardCallsOn"],
        "channels": ["voice"],
        "type": "ACDPosition",
    }
    assert str(device["voiceEnvironmentUri"]).startswith(f"{URL}/api/v2/")
    assert NEW.device(signed_in)["dynamicPhoneNumber"] == ""
    ready = replace(signed_in, desk=Desk(True, AGENT_STATES[0]))
    shown = {"id": "9430250E-0A1B-421F-B372-F29E69366DED", "displayName": "Ready", "state": "Ready"}
    assert OLD.device(ready)["userState"] == shown


@pytest.mark.parametrize(("registered", "signed_in"), [(False, True), (True, False), (False, False)])
def test_an_inactive_device_has_no_user_state(registered: bool, signed_in: bool) -> None:
    device = OLD.device(DeviceView(DEVICE, registered, Desk(signed_in, AGENT_STATES[0])))
    assert device["deviceState"] == "Inactive"
    assert "userState" not in device
    assert device["capabilities"] == []


def test_a_device_whose_calls_go_elsewhere() -> None:
    device = OLD.device(DeviceView(DEVICE, registered=True, desk=Desk(True, do_not_disturb=True, forward_to="5002")))
    assert (device["doNotDisturb"], device["forwardTo"]) == ("On", "5002")
    assert device["capabilities"] == ["DoNotDisturbOff", "ForwardCallsOff"]


def test_a_state_of_the_installation_shows_its_reason() -> None:
    lunch = AgentState("0C1D", "Lunch", "Lunch break", "NotReady", reason="lunch")
    device = OLD.device(DeviceView(DEVICE, registered=True, desk=Desk(True, lunch)))
    assert device["userState"] == {"id": "0C1D", "displayName": "Lunch break", "state": "NotReady", "reason": "lunch"}
    assert agent_state(lunch) == {**device["userState"], "operationName": "Lunch"}


def test_a_device_notice_tells_the_device_and_then_the_state() -> None:
    view = DeviceView(DEVICE, registered=True, desk=Desk(True, AGENT_STATES[2]))
    told = messages_of(DeviceNotice(AGENT, view, state_changed=True), OLD)
    assert told == [
        ("/v2/me/devices", {"messageType": "DeviceStateChangeMessage", "devices": [OLD.device(view)]}),
        (
            "/v2/me/channels",
            {
                "messageType": "ChannelStateChangeMessageV2",
                "channels": [
                    {
                        "channel": "voice",
                        "userState": {
                            "id": "D3663509-3D82-4DD3-A82E-2EA8EFA02AEF",
                            "displayName": "AfterCallWork",
                            "state": "NotReady",
                            "workMode": "AfterCallWork",
                        },
                    }
                ],
            },
        ),
    ]
    assert messages_of(DeviceNotice(AGENT, view, state_changed=False), OLD) == told[:1]


def test_the_states_as_they_are_listed() -> None:
    assert agent_state(AGENT_STATES[3]) == {
        "id": "2B36138D-C564-4562-A8CB-3C32D564F296",
        "operationName": "AuxWork",
        "displayName": "AuxWork",
        "state": "NotReady",
        "workMode": "AuxWork",
    }
    assert agent_state(AGENT_STATES[4])["state"] == "Logout"


def test_roles_as_the_api_knows_them() -> None:
    assert roles(AGENT) == ["ROLE_AGENT"]
    assert roles(replace(AGENT, roles=frozenset({Role.COMPLIANCE, Role.ADMIN}))) == ["ROLE_ADMIN"]
    assert roles(replace(AGENT, roles=frozenset({Role.SUPERVISOR, Role.AGENT}))) == ["ROLE_AGENT", "ROLE_SUPERVISOR"]


def test_only_features_that_were_given_are_listed() -> None:
    assert [each["id"] for each in OLD.features(AGENT)] == ["api-voice", "api-voice-recording"]
    voice = replace(AGENT, features=frozenset({Feature.VOICE}))
    assert OLD.features(voice) == [
        {
            "id": "api-voice",
            "displayName": "Voice API",
            "description": "API for Voice",
            "autoAssignOnContactCenterCreate": True,
            "uri": f"{URL}/api/v2/features/api-voice",
            "path": "/features/api-voice",
        }
    ]
