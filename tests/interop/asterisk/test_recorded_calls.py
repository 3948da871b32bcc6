"""Calls at an Asterisk as they are only there: its record key, transfers it refuses, and an Asterisk that stands still."""

import asyncio
import signal
from pathlib import Path

import pytest

from telegraphone.demo.desktop import Desktop
from tests.interop.office import CUSTOMER, ONE, TWO, in_a_call, office, recorded
from tests.interop.system import PASSWORD, SUPERVISOR

pytestmark = pytest.mark.alone
STANDS_STILL_S = 3.0


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
    async with office(tmp_path, CUSTOMER, ONE, TWO, at="asterisk") as here:
        call = await in_a_call(here)
        here.phones[ONE].do("transfer", number=TWO)
        await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        assert not [fact for fact in here.phones[TWO].facts if fact["fact"] == "ringing"]
        assert not [fact for fact in here.phones[ONE].facts if fact["fact"] == "transfer" and fact["status"] < 300]
        await here.one.do(call, "Hangup")


async def test_an_asterisk_that_stands_still_leaves_a_gap_and_the_agent_is_told(tmp_path: Path) -> None:
    """What was said before and after is in the recording, each in its place."""
    async with office(tmp_path, CUSTOMER, ONE, at="asterisk", sound=False) as here:
        assert here.asterisk is not None
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        here.asterisk.signal(signal.SIGSTOP)
        await asyncio.sleep(STANDS_STILL_S)
        here.asterisk.signal(signal.SIGCONT)
        after = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        assert any(event.get("messageType") == "ErrorMessage" for event in here.one.events)
        assert "tap_is_dead" in here.system.log
        assert (await here.one.call())["recordingState"] == "Recording"
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        for moment in (before, after):
            part.holds(moment, agent=[ONE], other=[CUSTOMER])
        async with Desktop(here.system.url, SUPERVISOR, PASSWORD) as supervisor:
            [resource] = (await supervisor.get(f"/recordings?callUuid={call['callUuid']}&fields=*"))["recordings"]
        gaps = [int(each["duration"]) for each in resource["eventHistory"] if each["type"] == "Gap"]
        assert gaps, resource["eventHistory"]
        assert max(gaps) > 1_000 * (STANDS_STILL_S - 1)
