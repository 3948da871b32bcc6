"""Recording by packets asks nothing of Asterisk: no channel more, and nothing missing or kept too much while it stands still."""

import asyncio
import signal
from pathlib import Path
from time import time

from tests.interop.office import CUSTOMER, ONE, Moment, in_a_call, office, recorded


async def test_asterisk_has_no_part_in_the_recording(tmp_path: Path) -> None:
    async with office(tmp_path, CUSTOMER, ONE, at="asterisk by packets") as here:
        server = here.asterisk
        assert server is not None
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        names = [each["name"].partition("/")[0] for each in (await server.ari("GET", "/channels")).json()]
        assert names == ["PJSIP", "PJSIP"]

        server.signal(signal.SIGSTOP)
        frozen = time()
        await asyncio.sleep(1.2)
        running = Moment(frozen, time())
        await here.one.do(call, "PauseCallRecording")
        paused = time()
        await asyncio.sleep(0.8)
        server.signal(signal.SIGCONT)
        await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        still_paused = Moment(paused, time())
        await here.one.do(call, "ResumeCallRecording")
        after = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        part.holds(running, agent=[ONE], other=[CUSTOMER])
        part.holds(still_paused, agent=[], other=[])
        part.holds(after, agent=[ONE], other=[CUSTOMER])
