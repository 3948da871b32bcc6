"""Calls at an Asterisk as they are only there: its record key, transfers it refuses, and an Asterisk that stands still."""

import asyncio
import signal
from pathlib import Path

import pytest

from telegraphone.demo.desktop import Desktop
from tests.interop.office import CUSTOMER, ONE, OTHER, RATE, TWO, in_a_call, office, recorded
from tests.interop.stalls import Stalls
from tests.interop.system import PASSWORD, SUPERVISOR

pytestmark = pytest.mark.alone


async def test_the_record_key_of_a_phone(tmp_path: Path) -> None:
    """INFO with a Record field: Asterisk presses the keys that its configuration names, and they mean start and stop."""
    async with office(tmp_path, CUSTOMER, ONE, at="asterisk") as here:
        call = await in_a_call(here)
        assert call["callType"] == "Inbound", "it came by the dialplan's trunk"
        here.phones[ONE].do("record", wish="on")
        await here.one.call(recordingState="Recording")
        talking = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        here.phones[ONE].do("record", wish="off")
        await here.one.call(recordingState="Stopped")
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        part.holds(talking, agent=[ONE], other=[CUSTOMER])


async def test_a_transfer_by_the_phone_is_refused_and_nothing_moves(tmp_path: Path) -> None:
    """Nor does one that wants no word of it end Asterisk, as it may where transfers are allowed (asterisk/asterisk#2021)."""
    async with office(tmp_path, CUSTOMER, ONE, TWO, at="asterisk") as here:
        call = await in_a_call(here)
        for quietly in (False, True):
            here.phones[ONE].do("transfer", number=TWO, quietly=quietly)
            await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        assert not [fact for fact in here.phones[TWO].facts if fact["fact"] == "ringing"]
        assert not [fact for fact in here.phones[ONE].facts if fact["fact"] == "transfer" and fact["status"] < 300]
        await here.one.do(call, "Hangup")


async def test_a_tap_that_sends_nothing_is_called_out_and_an_asterisk_that_stands_still_leaves_a_gap(tmp_path: Path) -> None:
    """First everything is there, and works; only nothing comes of one party. What was said before, between and after is in the
    recording, each in its place."""
    async with office(tmp_path, CUSTOMER, ONE, at="asterisk", sound=False) as here, Stalls() as stalls:
        server = here.asterisk
        assert server is not None
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        [snoop, _] = [each for each in await server.ids("channels") if ".snoop." in each]
        assert (await server.ari("POST", f"/channels/{snoop}/mute", direction="in")).is_success
        dead = await here.dead_taps(1)
        assert (await server.ari("DELETE", f"/channels/{snoop}/mute", direction="in")).is_success
        between = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        server.signal(signal.SIGSTOP)
        dead = await here.dead_taps(len(dead) + 2)
        await asyncio.sleep(1.0)
        server.signal(signal.SIGCONT)
        after = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        assert max(dead) < 2.0 + stalls.seconds
        assert (await here.one.call())["recordingState"] == "Recording"
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        for moment in (before, between, after):
            part.holds(moment, agent=[ONE], other=[CUSTOMER])
        async with Desktop(here.system.url, SUPERVISOR, PASSWORD) as supervisor:
            [resource] = (await supervisor.get(f"/recordings?callUuid={call['callUuid']}&fields=*"))["recordings"]
        gaps = [int(each["duration"]) for each in resource["eventHistory"] if each["type"] == "Gap"]
        assert gaps, resource["eventHistory"]
        assert max(gaps) > 1_900, "so long Asterisk stood still at least"


async def test_a_conference_that_is_mixed_no_more_is_called_out_and_leaves_a_gap_in_what_was_mixed(tmp_path: Path) -> None:
    """Asterisk stands still. What the agent says meanwhile arrives as packets, and is there."""
    async with office(tmp_path, CUSTOMER, ONE, OTHER, at="asterisk by auto", sound=False) as here, Stalls() as stalls:
        server = here.asterisk
        assert server is not None
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        await here.one.dial_into(call, "SingleStepConference", OTHER)
        everybody = {"p5000": [ONE, OTHER], "p5001": [CUSTOMER, OTHER], "p5003": [CUSTOMER, ONE]}
        before = await here.hear(**everybody)
        server.signal(signal.SIGSTOP)
        dead = await here.dead_taps(1)
        server.signal(signal.SIGCONT)
        after = await here.hear(**everybody)
        assert max(dead) < 2.0 + stalls.seconds
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        for moment in (before, after):
            part.holds(moment, agent=[ONE], other=[CUSTOMER, OTHER])
        start, stop = max(part.gaps, key=lambda gap: gap[1] - gap[0])
        assert stop - start > 1.0, part.gaps
        assert part.agent[round(start * RATE) : round(stop * RATE)].any(), "the agent's track has no such gap"


async def test_what_was_said_before_consent_is_there_and_what_was_said_in_a_pause_is_not(tmp_path: Path) -> None:
    """Asterisk sends its copies while they only wait in memory, and not in the pause meanwhile: the second lock knows."""
    rule = '[[consent]]\nname = "line"\nuser_data = "consent"\nvalues = ["yes"]\nmemory_s = 60\n'
    async with office(tmp_path, CUSTOMER, ONE, at="asterisk", more=rule) as here:
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "PauseCallRecording")
        secret = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "ResumeCallRecording")
        between = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "UpdateUserData", userData={"consent": "yes"})
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        for moment in (before, between):
            part.holds(moment, agent=[ONE], other=[CUSTOMER])
        part.holds(secret, agent=[], other=[])
