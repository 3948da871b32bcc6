"""Recording by packets, the default where it can be, asks nothing of Asterisk: no channel more, and nothing missing or kept too
much while it stands still."""

import asyncio
import signal
from pathlib import Path
from time import time

import pytest

from telegraphone.limits import ASTERISK_PARTY_SETTLED_S
from tests.interop.office import CUSTOMER, ONE, Moment, in_a_call, office, recorded
from tests.interop.stalls import Stalls


async def test_asterisk_has_no_part_in_the_recording(tmp_path: Path) -> None:
    async with office(tmp_path, CUSTOMER, ONE, at="asterisk by auto", sound=False) as here:
        server = here.asterisk
        assert server is not None
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        assert len(await server.ids("channels")) == 2

        server.signal(signal.SIGSTOP)
        frozen = time()
        await asyncio.sleep(1.2)
        running = Moment(frozen, time(), here.lag_s())
        await here.one.do(call, "PauseCallRecording")
        paused = time()
        await asyncio.sleep(0.8)
        server.signal(signal.SIGCONT)
        await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        still_paused = Moment(paused, time(), here.lag_s())
        await here.one.do(call, "ResumeCallRecording")
        after = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "Hangup")
        assert '"tap_is_dead"' not in here.system.log, "who stands still has counted nothing"
        [part] = await recorded(here, call["callUuid"])
        part.holds(running, agent=[ONE], other=[CUSTOMER])
        part.holds(still_paused, agent=[], other=[])
        part.holds(after, agent=[ONE], other=[CUSTOMER])


@pytest.mark.alone
async def test_packets_that_come_to_asterisk_and_not_to_the_recorder(tmp_path: Path) -> None:
    """They are noticed before two seconds are over. Who sends from elsewhere is found again. Whose packets the kernel's filter
    does not know, here because they carry IP options, is copied by Asterisk from then on, and so is whose codec, changed in
    the middle of the call, the recorder cannot read. What is missing until then the recording says. Who sends nothing, as at
    a phone that holds, is let be."""
    changes = {
        "pjsip.conf": [("allow = ulaw,alaw\n; Media", "allow = ulaw,alaw,gsm\n; Media")],
        "modules.conf": [("load = codec_ulaw.so", "load = codec_ulaw.so\nload = codec_gsm.so")],
    }
    at = "asterisk by auto"
    async with office(tmp_path, CUSTOMER, ONE, at=at, sound=False, changes=changes) as here, Stalls() as stalls:
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        begun = time()
        here.phones[CUSTOMER].do("hold")
        await asyncio.sleep(ASTERISK_PARTY_SETTLED_S)
        here.phones[CUSTOMER].do("unhold")
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        assert not await here.copies()
        assert '"tap_is_dead"' not in here.system.log
        here.phones[CUSTOMER].do("renew")
        await here.dead_taps(1)
        moved = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        assert not await here.copies()
        here.phones[ONE].do("mark")
        dead = await here.dead_taps(2)
        copied = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        assert await here.copies() == 1
        here.phones[CUSTOMER].do("recode", codecs=["GSM"])
        await here.dead_taps(3)
        recoded = await here.hear(p5001=[CUSTOMER])
        assert await here.copies() == 2
        await here.one.do(call, "PauseCallRecording")
        paused = await here.hear(p5001=[CUSTOMER])
        await here.one.do(call, "ResumeCallRecording")
        after = await here.hear(p5001=[CUSTOMER])
        await here.one.do(call, "Hangup")
        assert len(dead) == 2
        assert max(dead) < 2.0 + stalls.seconds
        [part] = await recorded(here, call["callUuid"])
        for moment in (before, moved, copied, recoded, after, Moment(before.begins, recoded.ends, here.lag_s())):
            part.holds(moment, agent=[ONE], other=[CUSTOMER])
        part.holds(paused, agent=[], other=[])
        assert before.begins > begun + ASTERISK_PARTY_SETTLED_S, "a phone that nobody knew yet cannot move"


@pytest.mark.alone
async def test_sound_that_may_go_around_asterisk_is_copied(tmp_path: Path) -> None:
    """Phones with direct_media = yes, which is Asterisk's own default, send each other their packets as soon as they talk."""
    around = ("cannot be recorded.\ndirect_media = no", "cannot be recorded.\ndirect_media = yes")
    async with office(tmp_path, CUSTOMER, ONE, at="asterisk by auto", changes={"pjsip.conf": [around]}) as here:
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        assert await here.copies() == 2
        talking = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        part.holds(talking, agent=[ONE], other=[CUSTOMER])
