"""Many calls one after the other at one Asterisk, each recorded, ended in another way: nothing of them stays."""

import random
from pathlib import Path

import pytest

from telegraphone.domain.operations import Operation
from tests.interop.asterisk.centre import AGENT_ONE, AGENT_TWO, CUSTOMER, Centre, centre
from tests.interop.asterisk.server import Asterisk, asterisk

CALLS, WARM_UP = 200, 100
GROWN_MAX = 1.25
"""Asterisk's heaps fill for a while: by 14 to 26 MB in the first hundred calls, 4 to 15 MB in the next two hundred. What leaks
grows with every call: 110 KiB of each are too much here."""


async def one_call(here: Centre, choice: random.Random) -> None:
    here.notices.clear()
    await here.phones[CUSTOMER].dial(AGENT_ONE)
    await here.until(lambda: "Established" in here.told())
    await here.do(Operation.START_RECORDING)
    if choice.random() < 0.5:
        await here.do(Operation.PAUSE_RECORDING)
        await here.do(Operation.RESUME_RECORDING)
    third = choice.random() < 0.3
    if third:
        await here.do(Operation.SINGLE_STEP_CONFERENCE, number=AGENT_TWO)
        await here.until(lambda: "Established" in here.told(AGENT_TWO))
    if choice.random() < 0.5:
        await here.phones[CUSTOMER].hang_up()
    await here.phones[AGENT_ONE].hang_up()
    await here.until(lambda: "Released" in here.told())
    for number in (CUSTOMER, AGENT_TWO):
        await here.phones[number].hang_up()
    await here.nothing_is_left()


def used(server: Asterisk) -> tuple[int, int]:
    """Asterisk's memory in KiB and its threads."""
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    facts = dict(line.split(":", 1) for line in status.splitlines())
    return int(facts["VmRSS"].split()[0]), int(facts["Threads"])


@pytest.mark.soak
@pytest.mark.timeout(1_800)
async def test_nothing_of_two_hundred_calls_stays(tmp_path: Path) -> None:
    choice = random.Random(200)
    async with asterisk(tmp_path / "asterisk") as server, centre(server) as here:
        for _ in range(WARM_UP):
            await one_call(here, choice)
        memory, threads = used(server)
        for _ in range(CALLS):
            await one_call(here, choice)
        assert used(server)[0] < GROWN_MAX * memory, "its memory grows"
        assert used(server)[1] <= threads + 4, "its threads stay"
        assert not here.switch._board.legs
        assert not here.switch._board.janitor.owned
