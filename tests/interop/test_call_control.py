"""Call control on real phones: who hears whom after each operation of the API, and who is heard in what was recorded."""

from pathlib import Path

import pytest

from tests.interop.office import CUSTOMER, MUSIC, ONE, in_a_call, office, recorded


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
async def test_hold_and_retrieve(tmp_path: Path, codec: str) -> None:
    """The held customer hears music, the agent nobody; the recording holds neither, and goes on."""
    async with office(tmp_path, CUSTOMER, ONE, codecs={CUSTOMER: codec}) as here:
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "Hold")
        await here.one.call("Held")
        held = await here.hear(p5000=[MUSIC], p5001=[])
        await here.one.do(call, "Retrieve")
        await here.one.call("Established")
        after = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        for moment in (before, after):
            part.holds(moment, agent=[ONE], other=[CUSTOMER])
        part.holds(held, agent=[], other=[])
