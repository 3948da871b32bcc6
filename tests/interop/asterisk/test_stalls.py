"""An Asterisk that stands still again and again, also so shortly that its copies hide it: what follows lies where it was said."""

import asyncio
import signal
from pathlib import Path
from time import time

import pytest

from telegraphone.limits import DRIFT_WINDOW_S
from tests.interop.office import CUSTOMER, ONE, Moment, in_a_call, office, recorded

BETWEEN_S = 0.27


@pytest.mark.soak
@pytest.mark.parametrize(("stalls", "stall_s", "missing_s_min"), [(20, 0.05, 0.3), (5, 0.2, 0.8)], ids=["hidden", "shown"])
async def test_short_stalls_are_missing_and_shift_nothing(
    tmp_path: Path, stalls: int, stall_s: float, missing_s_min: float
) -> None:
    """It stands still for a second in all, of which so much is missing at least: the rest came late, or was made up for."""
    async with office(tmp_path, CUSTOMER, ONE, at="asterisk") as here:
        assert here.asterisk is not None
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        for _ in range(stalls):
            here.asterisk.signal(signal.SIGSTOP)
            await asyncio.sleep(stall_s)
            here.asterisk.signal(signal.SIGCONT)
            await asyncio.sleep(BETWEEN_S)
        stalled = time()
        await asyncio.sleep(2 * DRIFT_WINDOW_S + 1)
        await here.one.do(call, "PauseCallRecording")
        await asyncio.sleep(0.5)
        await here.one.do(call, "ResumeCallRecording")
        resumed = time()
        await asyncio.sleep(2.0)
        after = Moment(resumed, time(), here.lag_s())
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        part.holds(before, agent=[ONE], other=[CUSTOMER])
        part.holds(after, agent=[ONE], other=[CUSTOMER])
        lost = [stop - start for start, stop in part.gaps if before.ends < part.starts + start < resumed]
        print(f"\nmissing on both tracks together: {sum(lost):.2f} s in {len(lost)} gaps, up to {resumed - stalled:.0f} s later")
        assert sum(lost) > 2 * missing_s_min
