"""Every shape of transfer and conference on real phones, and what was recorded of each: whose part, who is heard, where it
is silent; and one pause that goes through all of it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from telegraphone.demo.desktop import Desktop
from tests.interop.office import CUSTOMER, MUSIC, ONE, OTHER, TWO, Office, alone_at_asterisk, in_a_call, office, recorded
from tests.interop.phones import PATIENCE_S
from tests.interop.system import AGENTS, PASSWORD, SUPERVISOR

RECORDED: Final = "".join(
    line + ("\nrecorded = true" if line.startswith("phone = ") else "") + "\n" for line in AGENTS.splitlines()
)
"""Both agents are recorded from the start."""
WATCHED: Final = AGENTS.replace(
    'roles = ["supervisor"]',
    f'roles = ["supervisor"]\nphone = "{OTHER}"\nfeatures = ["api-voice", "api-voice-recording", "api-supervisor-monitoring"]',
)
"""The supervisor works at the fourth phone."""

by_packets = pytest.mark.parametrize("at", ["exchange", "asterisk by auto"])
"""The built-in exchange, and an Asterisk whose legs are recorded as they are unless told otherwise."""
everywhere = pytest.mark.parametrize(
    "at", ["exchange", "asterisk by auto", pytest.param("asterisk by external-media", marks=pytest.mark.alone)]
)
"""The same, and an Asterisk that sends copies: a machine that is busy with other things stalls it, and what it stalls for is
missing in them."""
mixed = alone_at_asterisk("asterisk by auto", "asterisk by external-media")
"""With conferences."""


async def recorded_call(here: Office) -> dict[str, Any]:
    """The customer talks to agent one, and it is recorded; at an Asterisk by packets, unless it shall send copies."""
    await in_a_call(here)
    call = await here.one.call(recordingState="Recording")
    if here.asterisk is not None:
        assert await here.copies() == (2 if here.taps == "external-media" else 0), here.system.log
    return call


async def both_parts(here: Office, call: Mapping[str, Any]) -> None:
    """Agent one is gone; the customer and agent two end it, and each part holds its agent and the customer."""
    taken = await here.two.call(callUuid=call["callUuid"], recordingState="Recording")
    after = await here.hear(p5000=[TWO], p5002=[CUSTOMER])
    assert taken["userData"]["GSIP_REC_FN"] != call["userData"]["GSIP_REC_FN"]
    await here.two.do(taken, "Hangup")
    first, second = await recorded(here, call["callUuid"], parts=2)
    assert (first.number, second.number) == (ONE, TWO)
    second.holds(after, agent=[TWO], other=[CUSTOMER])
    assert first.starts < second.starts
    assert first.ends < after.begins, "nothing of the other's talk is in the first part"


@by_packets
async def test_single_step_transfer(tmp_path: Path, at: str) -> None:
    async with office(tmp_path, CUSTOMER, ONE, TWO, accounts=RECORDED, at=at) as here:
        call = await recorded_call(here)
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.dial_into(call, "SingleStepTransfer", TWO)
        await both_parts(here, call)
        (await recorded(here, call["callUuid"], parts=2))[0].holds(before, agent=[ONE], other=[CUSTOMER])


async def test_transfer_by_the_phone_to_a_number(tmp_path: Path) -> None:
    """REFER."""
    async with office(tmp_path, CUSTOMER, ONE, TWO, accounts=RECORDED) as here:
        call = await recorded_call(here)
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        here.phones[ONE].do("transfer", number=TWO)
        await here.phones[ONE].reports("transfer", status=200, final=True)
        await both_parts(here, call)
        (await recorded(here, call["callUuid"], parts=2))[0].holds(before, agent=[ONE], other=[CUSTOMER])


async def test_transfer_by_the_phone_of_two_calls(tmp_path: Path) -> None:
    """REFER with Replaces: the talk beforehand is a call of its own, and the customer's part is silent meanwhile."""
    async with office(tmp_path, CUSTOMER, ONE, TWO, accounts=RECORDED) as here:
        call = await recorded_call(here)
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        here.phones[ONE].do("hold")
        await here.one.call("Held")
        here.phones[ONE].do("call", number=TWO)
        asked = await here.two.call(recordingState="Recording")
        talk = await here.hear(p5001=[TWO], p5002=[ONE])
        here.phones[ONE].do("connect")
        await here.phones[ONE].reports("transfer", status=200, final=True)
        await both_parts(here, call)
        first = (await recorded(here, call["callUuid"], parts=2))[0]
        first.holds(before, agent=[ONE], other=[CUSTOMER])
        first.holds(talk, agent=[], other=[])
        [consult] = await recorded(here, asked["callUuid"])
        heard = {True: {"agent": [ONE], "other": [TWO]}, False: {"agent": [TWO], "other": [ONE]}}[consult.number == ONE]
        consult.holds(talk, **heard)


@by_packets
async def test_consult_swap_and_transfer(tmp_path: Path, at: str) -> None:
    """By the API: each of the two calls is silent while the agent speaks on the other."""
    async with office(tmp_path, CUSTOMER, ONE, TWO, accounts=RECORDED, at=at) as here:
        call = await recorded_call(here)
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.dial_into(call, "InitiateTransfer", TWO)
        asked = await here.one.call(callType="Consult", recordingState="Recording")
        talk = await here.hear(p5000=[MUSIC], p5001=[TWO], p5002=[ONE])
        await here.one.do(asked, "SwapCalls", otherCallUri=call["uri"])
        back = await here.hear(p5000=[ONE], p5001=[CUSTOMER], p5002=[MUSIC])
        await here.one.do(call, "CompleteTransfer")
        await both_parts(here, call)
        first = (await recorded(here, call["callUuid"], parts=2))[0]
        for moment in (before, back):
            first.holds(moment, agent=[ONE], other=[CUSTOMER])
        first.holds(talk, agent=[], other=[])
        [consult] = await recorded(here, asked["callUuid"])
        heard = {True: {"agent": [ONE], "other": [TWO]}, False: {"agent": [TWO], "other": [ONE]}}[consult.number == ONE]
        consult.holds(talk, **heard)
        consult.holds(back, agent=[], other=[])


@everywhere
async def test_a_pause_goes_over_with_the_call(tmp_path: Path, at: str) -> None:
    """Each way of transfer in turn, but for the phone's at an Asterisk: what is said before the next agent resumes is in
    neither part."""

    async def consult(here: Office) -> None:
        here.phones[ONE].do("hold")
        await here.one.call("Held")
        here.phones[ONE].do("call", number=TWO)
        await here.hear(p5001=[TWO], p5002=[ONE])
        here.phones[ONE].do("connect")

    async def refer(here: Office) -> None:
        here.phones[ONE].do("transfer", number=TWO)

    async def single_step(here: Office) -> None:
        await here.one.dial_into(await here.one.call(), "SingleStepTransfer", TWO)

    ways = (single_step, refer, consult) if at == "exchange" else (single_step,)
    async with office(tmp_path, CUSTOMER, ONE, TWO, accounts=RECORDED, at=at) as here:
        for transfer in ways:
            call = await recorded_call(here)
            before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
            await here.one.do(call, "PauseCallRecording")
            paused = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
            await transfer(here)
            taken = await here.two.call(callUuid=call["callUuid"], recordingState="Paused")
            still = await here.hear(p5000=[TWO], p5002=[CUSTOMER])
            await here.two.do(taken, "ResumeCallRecording")
            after = await here.hear(p5000=[TWO], p5002=[CUSTOMER])
            await here.two.do(taken, "Hangup")
            first, second = await recorded(here, call["callUuid"], parts=2)
            assert (first.number, second.number) == (ONE, TWO)
            first.holds(before, agent=[ONE], other=[CUSTOMER])
            assert not any(track[first.place(paused.begins) :].any() for track in (first.agent, first.other))
            second.holds(still, agent=[], other=[])
            second.holds(after, agent=[TWO], other=[CUSTOMER])
            for number in (CUSTOMER, ONE, TWO):
                here.phones[number].facts.clear()


@mixed
async def test_a_conference_that_outlives_its_owner(tmp_path: Path, at: str) -> None:
    """The consult's pause becomes the call's; four talk, paused and not; one holds at the phone, and nobody else's sound is lost;
    the owner leaves, and the colleague's part begins."""
    async with office(tmp_path, CUSTOMER, ONE, TWO, OTHER, accounts=RECORDED, at=at) as here:
        call = await recorded_call(here)
        await here.one.dial_into(call, "InitiateConference", TWO)
        asked = await here.one.call(callType="Consult", recordingState="Recording")
        talk = await here.hear(p5000=[MUSIC], p5001=[TWO], p5002=[ONE])
        await here.one.do(asked, "PauseCallRecording")
        secret = await here.hear(p5000=[MUSIC], p5001=[TWO], p5002=[ONE])
        await here.one.do(call, "CompleteConference")
        await here.one.call(callUuid=call["callUuid"], recordingState="Paused")
        three = await here.hear(p5000=[ONE, TWO], p5001=[CUSTOMER, TWO], p5002=[CUSTOMER, ONE])
        joined = await here.two.call(callUuid=call["callUuid"], recordingState="Paused")
        joined_name = joined["userData"]["GSIP_REC_FN"]
        await here.one.dial_into(call, "SingleStepConference", OTHER)
        everybody = {CUSTOMER, ONE, TWO, OTHER}
        all_four = {f"p{each}": everybody - {each} for each in everybody}
        four_paused = await here.hear(**all_four)
        await here.two.do(joined, "ResumeCallRecording")
        four = await here.hear(**all_four)
        here.phones[OTHER].do("hold")  # and sends nothing
        without_one = await here.hear(p5000=[ONE, TWO], p5001=[CUSTOMER, TWO], p5002=[CUSTOMER, ONE])
        here.phones[OTHER].do("unhold")
        again = await here.hear(**all_four)
        await here.phones[ONE].hang_up()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                inherited = await here.two.call(callUuid=call["callUuid"])
                if inherited["recordingState"] == "Recording" and inherited["userData"]["GSIP_REC_FN"] != joined_name:
                    break
                await asyncio.sleep(0.05)
        without = await here.hear(p5000=[TWO, OTHER], p5002=[CUSTOMER, OTHER], p5003=[CUSTOMER, TWO])
        await here.phones[CUSTOMER].hang_up()
        last = await here.hear(p5002=[OTHER], p5003=[TWO])
        await here.two.do(inherited, "Hangup")
        first, second = await recorded(here, call["callUuid"], parts=2)
        assert (first.number, second.number) == (ONE, TWO)
        for moment in (talk, secret, three, four_paused):
            first.holds(moment, agent=[], other=[])
        for moment in (four, again):
            first.holds(moment, agent=[ONE], other=[CUSTOMER, TWO, OTHER])
        first.holds(without_one, agent=[ONE], other=[CUSTOMER, TWO])
        second.holds(without, agent=[TWO], other=[CUSTOMER, OTHER])
        second.holds(last, agent=[TWO], other=[OTHER])
        [consult] = await recorded(here, asked["callUuid"])
        heard = {True: {"agent": [ONE], "other": [TWO]}, False: {"agent": [TWO], "other": [ONE]}}[consult.number == ONE]
        consult.holds(talk, **heard)
        assert not any(track[consult.place(secret.begins) :].any() for track in (consult.agent, consult.other))


@mixed
async def test_a_supervisor_listens_coaches_and_barges_in(tmp_path: Path, at: str) -> None:
    """The recording holds the supervisor from the moment at which all hear them, and not before."""
    async with (
        office(tmp_path, CUSTOMER, ONE, OTHER, accounts=WATCHED, at=at) as here,
        Desktop(here.system.url, SUPERVISOR, PASSWORD) as boss,
    ):
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        await boss.post("/me", "StartContactCenterSession", channels=["voice"])
        device = (await boss.get("/me/devices?fields=*"))["devices"][0]
        await boss.post(f"/me/devices/{device['id']}", "ListenIn", targetDeviceUri=call["deviceUri"])
        listens = await here.hear(p5000=[ONE], p5001=[CUSTOMER], p5003=[CUSTOMER, ONE])
        await boss.post(f"/me/calls/{call['id']}", "SwitchToCoach")
        coaches = await here.hear(p5000=[ONE], p5001=[CUSTOMER, OTHER], p5003=[CUSTOMER, ONE])
        await boss.post(f"/me/calls/{call['id']}", "SwitchToBargeIn")
        barges = await here.hear(p5000=[ONE, OTHER], p5001=[CUSTOMER, OTHER], p5003=[CUSTOMER, ONE])
        await boss.post(f"/me/calls/{call['id']}", "MuteMonitoredUser")
        silenced = await here.hear(p5000=[OTHER], p5001=[CUSTOMER, OTHER], p5003=[CUSTOMER])
        await boss.post(f"/me/calls/{call['id']}", "Hangup")
        alone = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        for moment in (listens, coaches, alone):
            part.holds(moment, agent=[ONE], other=[CUSTOMER])
        part.holds(barges, agent=[ONE], other=[CUSTOMER, OTHER])
        part.holds(silenced, agent=[], other=[CUSTOMER, OTHER])


@everywhere
async def test_one_pause_through_everything(tmp_path: Path, at: str) -> None:
    """Hold at the server and at the phone, a consult, a conference, new media, the agent's going home, and a transfer: not
    a sample is kept until the next agent resumes."""
    async with office(tmp_path, CUSTOMER, ONE, TWO, OTHER, accounts=RECORDED, at=at) as here:
        call = await recorded_call(here)
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "PauseCallRecording")
        silent = [await here.hear(p5000=[ONE], p5001=[CUSTOMER])]

        async def still_paused(state: str = "Established") -> None:
            shown = await here.one.call(state, callUuid=call["callUuid"])
            assert (shown["recordingState"], shown["userData"]["GSIP_REC_FN"]) == ("Paused", call["userData"]["GSIP_REC_FN"])

        await here.one.do(call, "Hold")
        await still_paused("Held")
        await here.one.do(call, "Retrieve")
        silent.append(await here.hear(p5000=[ONE], p5001=[CUSTOMER]))
        here.phones[ONE].do("hold")
        await still_paused("Held")
        here.phones[ONE].do("unhold")
        silent.append(await here.hear(p5000=[ONE], p5001=[CUSTOMER]))
        for phone in (CUSTOMER, ONE):
            here.phones[phone].do("renew")
            silent.append(await here.hear(p5000=[ONE], p5001=[CUSTOMER]))
            await still_paused()
        await here.one.dial_into(call, "SingleStepConference", OTHER)
        silent.append(await here.hear(p5000=[ONE, OTHER], p5001=[CUSTOMER, OTHER]))
        await here.one.do(call, "RemoveParticipantFromConference", participant=OTHER)
        silent.append(await here.hear(p5000=[ONE], p5001=[CUSTOMER]))
        assert here.one.api is not None
        await here.one.api.post("/me", "EndContactCenterSession")
        await still_paused()
        await here.one.dial_into(call, "InitiateTransfer", TWO)
        consult = await here.one.call(callType="Consult")
        silent.append(await here.hear(p5000=[MUSIC], p5001=[TWO], p5002=[ONE]))
        await here.one.do(consult, "SwapCalls", otherCallUri=call["uri"])
        silent.append(await here.hear(p5000=[ONE], p5001=[CUSTOMER]))
        await still_paused()
        await here.one.do(call, "CompleteTransfer")
        taken = await here.two.call(callUuid=call["callUuid"], recordingState="Paused")
        still = await here.hear(p5000=[TWO], p5002=[CUSTOMER])
        await here.two.do(taken, "ResumeCallRecording")
        after = await here.hear(p5000=[TWO], p5002=[CUSTOMER])
        await here.two.do(taken, "Hangup")
        first, second = await recorded(here, call["callUuid"], parts=2)
        first.holds(before, agent=[ONE], other=[CUSTOMER])
        first.holds(silent[-1], agent=[], other=[])
        assert not any(track[first.place(silent[0].begins) :].any() for track in (first.agent, first.other))
        second.holds(still, agent=[], other=[])
        second.holds(after, agent=[TWO], other=[CUSTOMER])
