"""Supervisors in agents' calls: who may, what happens, who is told and who sees what (sections 6.1, 6.2, 7.1, 7.3)."""

from typing import Any, Final

from telegraphone.domain.legs import Ability
from telegraphone.web.settings import Compatibility
from tests.conformance import desk
from tests.conformance.desk import Desk, to
from tests.conformance.in_process import simulated
from tests.conformance.rule import Rule, rule
from tests.conformance.stage import CUSTOMER, DN, NOBODY, ONE, SUPERVISOR, TWO, Json, Stage

MONITOR: Final = Ability.MONITOR
WAYS: Final = ("ListenIn", "Coach", "BargeIn")
STATUS, JOINED, SILENCED = "StatusChange", "ParticipantsUpdated", "MonitoredUserMutedStateChange"


def boss(stage: Stage) -> Desk:
    return Desk(stage, SUPERVISOR)


async def watches(stage: Stage, way: str = "ListenIn", **how: Any) -> None:
    """The supervisor is at work and watches the first agent."""
    await boss(stage).post("/me", {"operationName": "StartContactCenterSession", "channels": ["voice"]})
    device = await Desk(stage).device()
    uri = f"{stage.url}/api/v2/devices/{device['id']}"
    answer = await boss(stage).operate_device(way, targetDeviceUri=uri, **how)
    assert answer.body == {"statusCode": 0}, answer


async def listens(stage: Stage, way: str = "ListenIn", **how: Any) -> None:
    """The first agent talks to the customer, and the supervisor is in the call."""
    await desk.talking(stage)
    await watches(stage, way, **how)
    await stage.handset(DN[SUPERVISOR]).answer()
    await stage.settle()


def hears(stage: Stage, number: str) -> set[str]:
    """Whose voices reach this phone; a simulation alone can say."""
    switch = simulated(stage).world.switch
    leg = switch.phone(number).leg
    assert leg is not None
    return {switch.legs[other].number for other in switch.hears(leg)}


async def _recorded(stage: Stage) -> list[str]:
    tape = simulated(stage).world.recorder.tape
    return [track.role for track in tape.order.tracks]


# --- at the device --------------------------------------------------------------------------------------------------


@rule("6.1", "a supervisor's device offers to begin, and while monitoring to end", MONITOR)
async def device_capabilities(stage: Stage) -> None:
    await boss(stage).post("/me", {"operationName": "StartContactCenterSession", "channels": ["voice"]})
    offered = set((await boss(stage).device())["capabilities"])
    assert offered == {"DoNotDisturbOn", "ForwardCallsOn", *WAYS}
    await watches(stage)
    offered = set((await boss(stage).device())["capabilities"])
    supervising = {"CancelSupervisorMonitoring", "MuteMonitoredUser", "UnmuteMonitoredUser"}
    assert offered == {"DoNotDisturbOn", "ForwardCallsOn"} | supervising
    await Desk(stage).post("/me", {"operationName": "StartContactCenterSession", "channels": ["voice"]})
    assert not {*WAYS, *supervising} & set((await Desk(stage).device())["capabilities"])


def _state(stage: Stage, device: Json, way: str, scope: str = "Call", mode: str = "AllCalls") -> Json:
    return {"state": way, "mode": mode, "scope": scope, "targetDeviceUri": f"{stage.url}/api/v2/devices/{device['id']}"}


def _begins(way: str) -> Rule:
    async def play(stage: Stage) -> None:
        device = await Desk(stage).device()
        await boss(stage).post("/me", {"operationName": "StartContactCenterSession", "channels": ["voice"]})
        stage.forget()
        await watches(stage, way)
        told = [each["data"] for each in stage.told(SUPERVISOR) if each["channel"] == "/v2/me/devices"]
        assert [each["messageType"] for each in told] == ["DeviceStateChangeMessage"]
        assert told[0]["devices"][0]["supervisorMonitoringState"] == _state(stage, device, way)
        stage.forget()
        assert (await boss(stage).operate_device("CancelSupervisorMonitoring")).pair == (200, 0)
        [message] = [each["data"] for each in stage.told(SUPERVISOR) if each["channel"] == "/v2/me/devices"]
        assert "supervisorMonitoringState" not in message["devices"][0]

    return Rule("6.2", f"{way}: the device shows it until CancelSupervisorMonitoring", play, frozenset({MONITOR}))


BEGINNINGS = tuple(_begins(way) for way in WAYS)


@rule("6.2", "scope and mode are as asked, and checked", MONITOR)
async def scope_and_mode(stage: Stage) -> None:
    device = await Desk(stage).device()
    await watches(stage, "Coach", supervisorMonitoringScope="Agent", supervisorMonitoringMode="NextCall")
    shown = (await boss(stage).device())["supervisorMonitoringState"]
    assert shown == _state(stage, device, "Coach", "Agent", "NextCall")
    for name, wrong in (("Scope", "Team"), ("Mode", "Always"), ("Scope", 1), ("Mode", [])):
        answer = await boss(stage).operate_device("Coach", targetDeviceUri="x/y", **{f"supervisorMonitoring{name}": wrong})
        text = f"Parameter 'supervisorMonitoring{name}' is invalid: The specified value is not within valid range"
        assert (answer.pair, answer.text) == ((400, 2), text)


@rule("6.2", "who may not monitor is told so, before anything is looked for", MONITOR)
async def who_may(stage: Stage) -> None:
    for operation in (*WAYS, "CancelSupervisorMonitoring", "MuteMonitoredUser"):
        answer = await Desk(stage).operate_device(operation, targetDeviceUri="x/y")
        assert (answer.pair, answer.text) == ((403, 5), "Feature 'api-supervisor-monitoring' is not assigned to the user.")
    await desk.talking(stage)
    for operation in ("MuteMonitoredUser", "UnmuteMonitoredUser", "SwitchToCoach", "SwitchToListenIn", "SwitchToBargeIn"):
        assert (await Desk(stage).operate(operation)).pair == (403, 5)


@rule("6.2", "targetDeviceUri is required, and names somebody else's device", MONITOR)
async def target(stage: Stage) -> None:
    here = boss(stage)
    missing = await here.operate_device("ListenIn")
    assert (missing.pair, missing.text) == ((400, 1), "Required parameter 'targetDeviceUri' is missing.")
    unknown = await here.operate_device("ListenIn", targetDeviceUri="/devices/nobody")
    assert (unknown.pair, unknown.text) == ((404, 6), "Requested device [nobody] cannot be found.")
    assert (await here.operate_device("ListenIn", targetDeviceUri=(await here.device())["id"])).pair == (400, 2)
    assert (await here.operate_device("ListenIn", targetDeviceUri=7)).pair == (400, 2)
    assert (await here.operate_device("CancelSupervisorMonitoring")).pair == (400, 2)
    assert (await here.operate_device("MuteMonitoredUser")).pair == (400, 2)


# --- in the call ----------------------------------------------------------------------------------------------------


@rule("6.2", "the supervisor's phone rings for the call the agent is in, and for later ones", MONITOR)
async def rings(stage: Stage) -> None:
    await desk.talking(stage)
    stage.forget()
    await watches(stage)
    assert boss(stage).told() == [f"{STATUS} Ringing"]
    assert Desk(stage).told() == [], "a phone that rings is nobody yet"
    await stage.handset(DN[SUPERVISOR]).answer()
    await stage.settle()
    assert boss(stage).told() == [f"{STATUS} Ringing", f"{STATUS} Established"]
    await stage.handset(CUSTOMER).hang_up()
    await stage.settle()
    assert boss(stage).told()[-1] == f"{STATUS} Released"
    stage.forget()
    await desk.talking(stage)
    assert boss(stage).told() == [f"{STATUS} Ringing"]


@rule("6.2", "NextCall is for one call", MONITOR)
async def next_call(stage: Stage) -> None:
    await watches(stage, supervisorMonitoringMode="NextCall")
    await desk.talking(stage)
    await stage.handset(DN[SUPERVISOR]).answer()
    await stage.settle()
    await stage.handset(CUSTOMER).hang_up()
    await stage.settle()
    assert "supervisorMonitoringState" not in await boss(stage).device()
    stage.forget()
    await desk.talking(stage)
    assert boss(stage).told() == []


@rule("7.1", "who is monitored, and by whom, shows in the views of 8.5.2", MONITOR)
async def views(stage: Stage) -> None:
    device = await Desk(stage).device()
    await listens(stage, "Coach")
    mine, theirs = await Desk(stage).call(), await boss(stage).call()
    assert (mine["id"], mine["callUuid"]) == (theirs["id"], theirs["callUuid"])
    keys = ("supervisorListeningIn", "monitoredUserMuted", "monitoring", "supervisorMonitoringState")
    if stage.mode is Compatibility.V8_5_1:
        assert not [key for key in keys if key in mine or key in theirs]
        return
    state = _state(stage, device, "Coach")
    assert [mine[key] for key in keys] == [True, False, False, state]
    assert [theirs[key] for key in keys] == [False, False, True, state]


@rule("7.1", "mute is On while listening in", MONITOR)
async def mute_while_listening(stage: Stage) -> None:
    await listens(stage)
    assert (await boss(stage).call())["mute"] == "On"
    await boss(stage).do("SwitchToBargeIn")
    assert (await boss(stage).call())["mute"] == "Off"


@rule("7.3", "who listens in or coaches is no participant; who barges in is", MONITOR)
async def participants(stage: Stage) -> None:
    await listens(stage)
    for operation, seen in (("SwitchToCoach", 1), ("SwitchToBargeIn", 2), ("SwitchToListenIn", 1)):
        await boss(stage).do(operation)
        assert len((await Desk(stage).call())["participants"]) == seen, operation
        assert len((await boss(stage).call())["participants"]) == 2


@rule("7.3", "the agent hears of a supervisor who comes and goes", MONITOR)
async def coming_and_going(stage: Stage) -> None:
    await listens(stage)
    assert Desk(stage).told()[-1] == f"{JOINED} Established"
    stage.forget()
    await boss(stage).do("Hangup")
    assert (Desk(stage).told(), boss(stage).told()) == ([f"{JOINED} Established"], [f"{STATUS} Released"])
    assert (await Desk(stage).call())["state"] == "Established"


@rule("7.3", "CancelSupervisorMonitoring takes the supervisor out of the call, which goes on", MONITOR)
async def cancelled(stage: Stage) -> None:
    await listens(stage)
    assert (await boss(stage).operate_device("CancelSupervisorMonitoring")).pair == (200, 0)
    assert await boss(stage).calls() == []
    assert (await Desk(stage).call())["state"] == "Established"


def _offers(way: str, expected: set[str]) -> Rule:
    async def play(stage: Stage) -> None:
        await listens(stage, way)
        offered = set((await boss(stage).call())["capabilities"])
        common = {"Hangup", "MuteMonitoredUser", "AttachUserData", "UpdateUserData", "DeleteUserData", "DeleteUserDataPair"}
        assert offered == common | expected

    return Rule("7.4", f"capabilities of a supervisor, {way}", play, frozenset({MONITOR}))


CAPABILITIES = (
    _offers("ListenIn", {"SwitchToCoach", "SwitchToBargeIn"}),
    _offers("Coach", {"SwitchToListenIn", "SwitchToBargeIn"}),
    _offers(
        "BargeIn",
        {"SwitchToListenIn", "SwitchToCoach", "SendDtmf", "MuteCall", "RemoveParticipantFromConference", "StartCallRecording"},
    ),
)


@rule("7.3", "SwitchTo…: StatusChange to supervisor and agent, and the device follows the call", MONITOR)
async def switching(stage: Stage) -> None:
    await listens(stage)
    for operation in ("SwitchToCoach", "SwitchToBargeIn", "SwitchToListenIn"):
        stage.forget()
        await boss(stage).do(operation)
        assert boss(stage).told() == [f"{STATUS} Established"]
        assert Desk(stage).told() == [f"{STATUS} Established"]
        if stage.mode is Compatibility.V8_5_2:
            assert (await boss(stage).call())["supervisorMonitoringState"]["state"] == operation.removeprefix("SwitchTo")


@rule("7.3", "Coach may go to ListenIn but not back", MONITOR)
async def no_way_back(stage: Stage) -> None:
    await listens(stage, "Coach")
    await boss(stage).do("SwitchToListenIn")
    assert "SwitchToCoach" not in (await boss(stage).call())["capabilities"]
    assert (await boss(stage).operate("SwitchToCoach")).pair == (400, 2)


@rule("7.3", "MuteMonitoredUser: MonitoredUserMutedStateChange to both, on the call and at the device", MONITOR)
async def silencing(stage: Stage) -> None:
    await listens(stage)
    modern = stage.mode is Compatibility.V8_5_2
    for operation, at_device in (
        ("MuteMonitoredUser", False),
        ("UnmuteMonitoredUser", False),
        ("MuteMonitoredUser", True),
        ("UnmuteMonitoredUser", True),
    ):
        stage.forget()
        answer = await (boss(stage).operate_device(operation) if at_device else boss(stage).operate(operation))
        assert answer.pair == (200, 0)
        assert boss(stage).told() == Desk(stage).told() == [f"{SILENCED} Established"]
        for user in (ONE, SUPERVISOR):
            call = await Desk(stage, user).call()
            assert not modern or call["monitoredUserMuted"] is (operation == "MuteMonitoredUser")
        assert (await Desk(stage).call())["mute"] == "Off", "it is not the agent who muted"


@rule("7.3", "a silenced agent is heard again when the supervisor leaves", MONITOR, simulated=True)
async def silence_ends(stage: Stage) -> None:
    await listens(stage)
    await boss(stage).do("MuteMonitoredUser")
    assert hears(stage, CUSTOMER) == set()
    stage.forget()
    await boss(stage).do("Hangup")
    assert hears(stage, CUSTOMER) == {DN[ONE]}
    assert f"{SILENCED} Established" in Desk(stage).told()


@rule("7.3", "a monitoring supervisor may remove a party of a conference", MONITOR, Ability.CONFERENCE)
async def supervisor_removes(stage: Stage) -> None:
    await desk.conference(stage)
    await watches(stage)
    await stage.handset(DN[SUPERVISOR]).answer()
    await stage.settle()
    assert (await boss(stage).operate("RemoveParticipantFromConference", participant=NOBODY)).pair == (400, 2)
    await boss(stage).do("RemoveParticipantFromConference", participant=DN[TWO])
    assert len((await Desk(stage).call())["participants"]) == 1


@rule("7.3", "nobody can remove a supervisor who listens", MONITOR, Ability.CONFERENCE)
async def not_removed(stage: Stage) -> None:
    await desk.conference(stage)
    await watches(stage)
    await stage.handset(DN[SUPERVISOR]).answer()
    await stage.settle()
    assert (await Desk(stage).operate("RemoveParticipantFromConference", participant=DN[SUPERVISOR])).pair == (400, 2)


# --- sound and recording --------------------------------------------------------------------------------------------


@rule("7.3", "listening in is heard by nobody, coaching by the agent, barging in by all", MONITOR, simulated=True)
async def voices(stage: Stage) -> None:
    await listens(stage)
    everybody = {CUSTOMER, DN[ONE], DN[SUPERVISOR]}
    for operation, audible_to in (
        ("", set[str]()),
        ("SwitchToCoach", {DN[ONE]}),
        ("SwitchToBargeIn", {DN[ONE], CUSTOMER}),
        ("SwitchToListenIn", set[str]()),
    ):
        if operation:
            await boss(stage).do(operation)
        assert hears(stage, DN[SUPERVISOR]) == {CUSTOMER, DN[ONE]}, operation
        for number in (CUSTOMER, DN[ONE]):
            expected = everybody - {number, DN[SUPERVISOR]} | ({DN[SUPERVISOR]} if number in audible_to else set())
            assert hears(stage, number) == expected, (operation, number)


@rule("8.7", "a recording goes on undisturbed while a supervisor comes, coaches and goes", MONITOR, simulated=True)
async def recording_is_not_disturbed(stage: Stage) -> None:
    await desk.recording(stage)
    world = simulated(stage).world
    forks = dict(world.switch.forks)
    stage.forget()
    await watches(stage)
    await stage.handset(DN[SUPERVISOR]).answer()
    await stage.settle()
    await boss(stage).do("SwitchToCoach")
    assert (dict(world.switch.forks), world.switch.sound.mixes, world.recorder.tape.keeps_audio) == (forks, {}, True)
    await boss(stage).do("SwitchToBargeIn")
    assert world.switch.sound.mixes, "who barges in is a party, and recorded as one"
    await boss(stage).do("Hangup")
    assert (set(world.switch.forks), world.switch.sound.mixes) == (set(forks), {})
    assert [each for each in Desk(stage).told() if "Recording" in each] == []


@rule("8.5", "a supervisor who listens hears of the recording, and does not operate it", MONITOR)
async def recording_is_the_agents(stage: Stage) -> None:
    await listens(stage)
    stage.forget()
    await Desk(stage).do("StartCallRecording")
    assert boss(stage).told() == ["CallRecordingStateChange Recording"]
    assert (await boss(stage).operate("PauseCallRecording")).pair == (400, 2)


# --- how it ends ----------------------------------------------------------------------------------------------------


@rule("6.2", "scope Call: the supervisor stays when the agent transfers the call", MONITOR, Ability.TRANSFER)
async def stays_with_the_call(stage: Stage) -> None:
    await listens(stage)
    await Desk(stage).do("SingleStepTransfer", **to(DN[TWO]))
    await stage.handset(DN[TWO]).answer()
    await stage.settle()
    assert (await boss(stage).call())["state"] == "Established"
    if stage.mode is Compatibility.V8_5_2:
        assert (await Desk(stage, TWO).call())["state"] == "Established"
    await stage.handset(CUSTOMER).hang_up()
    await stage.settle()
    assert await boss(stage).calls() == []


@rule("6.2", "scope Agent: the supervisor leaves with the agent", MONITOR, Ability.TRANSFER)
async def leaves_with_the_agent(stage: Stage) -> None:
    await listens(stage, supervisorMonitoringScope="Agent")
    await Desk(stage).do("SingleStepTransfer", **to(DN[TWO]))
    assert await boss(stage).calls() == []
    await stage.handset(DN[TWO]).answer()
    await stage.settle()
    assert (await Desk(stage, TWO).call())["state"] == "Established"


@rule("6.2", "a supervisor who does not answer, or refuses, disturbs nobody", MONITOR)
async def does_not_answer(stage: Stage) -> None:
    await desk.talking(stage)
    await watches(stage)
    stage.forget()
    await boss(stage).do("Reject")
    assert (boss(stage).told(), Desk(stage).told()) == ([f"{STATUS} Released"], [])
    assert (await Desk(stage).call())["state"] == "Established"


@rule("6.2", "the call ends for the parties although the supervisor is there", MONITOR)
async def parties_end_the_call(stage: Stage) -> None:
    for way in WAYS[:2]:
        await listens(stage, way)
        stage.forget()
        await Desk(stage).do("Hangup")
        assert boss(stage).told() == [f"{STATUS} Released"]
        assert (await boss(stage).calls(), await Desk(stage).calls()) == ([], [])
        assert (await boss(stage).operate_device("CancelSupervisorMonitoring")).pair == (200, 0)
