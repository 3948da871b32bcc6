"""What a call of real phones said before a recording was started, or before consent: it is there, as far as it may be kept."""

from pathlib import Path
from time import time

import pytest

from tests.interop.office import CUSTOMER, ONE, TWO, in_a_call, office, recorded
from tests.interop.system import AGENT
from tests.interop.test_recorded_call import NEAR_S, RULES, check_silence, check_voices, conversation, fetched

PREROLL_S = 3
PREROLL = f"""
[[preroll]]
seconds = {PREROLL_S}
"""


def sealed_files(folder: Path, names: str = "*.tg[sj]") -> list[Path]:
    return list(folder.rglob(names))


@pytest.mark.parametrize("kept_out", ["hold", "card page"])
async def test_a_late_start_begins_with_what_was_said_before(tmp_path: Path, kept_out: str) -> None:
    """Spoken, then started: the seconds before the Start are on the tracks, each where it was spoken; a hold or a card page has
    left nothing of what came before it, and no file was there before the Start."""
    async with conversation(tmp_path, "websocket", more=PREROLL + RULES) as talk:

        async def attach(key: str, value: str) -> None:
            await talk.agent.post(f"/me/calls/{talk.call['id']}", "UpdateUserData", userData={key: value})

        await attach("consent", "yes")
        await talk.callee.speaks(2)
        if kept_out == "hold":
            talk.callee.do("hold")
            await talk.status("Ringing", "Established", "Held")
            retrieving = time()
            talk.callee.do("unhold")
            await talk.status("Ringing", "Established", "Held", "Established")
        else:
            await attach("page", "card")
            retrieving = time()
            await attach("page", "other")
        retrieved = time()
        # Less than memory reaches back: but for what kept it out it would begin before that.
        await talk.callee.speaks(1.5)
        assert not sealed_files(tmp_path)
        await talk.operate("Start")
        await talk.callee.speaks(4)
        await talk.operate("Stop")
        await talk.callee.hang_up()
        kept = await fetched(talk.system, talk.call["callUuid"])
        asked, answered = talk.operations[0]
        [before] = kept.spans("PreRoll")
        length = int(before["duration"]) / 1000
        assert (before["offset"], before["startedBy"]["userName"]) == ("0", AGENT)
        assert asked - NEAR_S <= kept.starts + length <= answered + NEAR_S
        assert min(PREROLL_S, asked - retrieved - 1.0) <= length <= PREROLL_S
        assert kept.starts >= retrieving - NEAR_S
        late = check_voices(kept, talk, [])
        for found in late.values():
            assert len(found) >= 4
            assert all(abs(by) <= NEAR_S for by in found.values()), found
        [started] = talk.recording_events()[:1]
        assert started["call"]["recordingState"] == "Recording"


async def test_a_late_start_in_a_conference_begins_with_what_all_of_them_said(tmp_path: Path) -> None:
    """It reaches back to when the third came, whatever the time: who talks has changed then."""
    async with office(tmp_path, CUSTOMER, ONE, TWO, more="[[preroll]]\nseconds = 20\n") as here:
        call = await in_a_call(here)
        dialled = time()
        await here.one.dial_into(call, "SingleStepConference", TWO)
        everybody = {CUSTOMER, ONE, TWO}
        all_three = {f"p{each}": everybody - {each} for each in everybody}
        three = await here.hear(**all_three)
        assert not sealed_files(tmp_path)
        await here.one.do(call, "StartCallRecording")
        later = await here.hear(**all_three)
        await here.one.do(call, "StopCallRecording")
        [part] = await recorded(here, call["callUuid"])
        assert dialled <= part.starts + NEAR_S <= three.begins + NEAR_S
        for moment in (three, later):
            part.holds(moment, agent=[ONE], other=[CUSTOMER, TWO])


async def test_consent_brings_what_was_said_before_it_but_for_the_pause(tmp_path: Path) -> None:
    """Started without consent: what is said waits in memory, and with consent it is on the tracks, each voice where it was;
    what was said in a pause meanwhile is not."""
    rules = RULES.replace('values = ["yes"]', 'values = ["yes"]\nmemory_s = 60')
    async with conversation(tmp_path, "websocket", more=rules) as talk:
        await talk.operate("Start")
        await talk.callee.speaks(2)
        await talk.operate("Pause")
        await talk.callee.speaks(2)
        await talk.operate("Resume")
        await talk.callee.speaks(2)
        assert not sealed_files(tmp_path, "*.tgs")
        asked = time()
        await talk.agent.post(f"/me/calls/{talk.call['id']}", "UpdateUserData", userData={"consent": "yes"})
        answered = time()
        await talk.callee.speaks(2)
        await talk.operate("Stop")
        await talk.callee.hang_up()
        kept = await fetched(talk.system, talk.call["callUuid"])
        [paused] = [each for each in kept.spans("Paused") if int(each["offset"]) > 1_000]
        [before] = kept.spans("PreConsent")
        begins, ends = (int(before["offset"]) / 1000, (int(before["offset"]) + int(before["duration"])) / 1000)
        assert begins < 1.5, "with the first packet that came after the start"
        assert asked - NEAR_S <= kept.starts + ends <= answered + NEAR_S
        assert before["startedBy"]["source"] == "policy"
        pause_from = int(paused["offset"]) / 1000
        pause_to = pause_from + int(paused["duration"]) / 1000
        _, pause, resume, _ = talk.operations
        assert kept.starts + pause_from <= pause[1] + NEAR_S
        assert kept.starts + pause_to >= resume[0] - NEAR_S
        check_silence(kept, paused)
        late = check_voices(kept, talk, [(pause_from, pause_to)])
        for found in late.values():
            assert len(found) >= 4
            assert all(abs(by) <= NEAR_S for by in found.values()), found
