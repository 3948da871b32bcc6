"""Many calls one after the other at one Asterisk, each recorded, ended in another way: nothing of them stays."""

import asyncio
import random
import subprocess
from pathlib import Path

import pytest

from telegraphone.domain.operations import Operation
from tests.interop.asterisk.centre import AGENT_ONE, AGENT_TWO, CUSTOMER, Centre, centre
from tests.interop.asterisk.server import Asterisk, asterisk

CALLS, WARM_UP = 200, 40
REST_S = 40
"""Asterisk keeps what there was of a call as long as SIP may still ask for it, which is 32 s: some 500 KiB of each."""
LEAK_MAX = 8 * 1024
"""Bytes of each call: an eighth of what one channel of it takes. Over 500 calls it was seen to keep 2 MB, and none after the
first hundred."""
HEAP = Path(__file__).with_name("heap.c")


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


@pytest.fixture
def heap_teller(tmp_path: Path) -> Path:
    """A library that has a process tell of its heaps."""
    library = tmp_path / "heap.so"
    subprocess.run(["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", library, HEAP], check=True)
    return library


def used(server: Asterisk, heap: Path) -> tuple[int, int]:
    """The bytes that Asterisk uses of its heaps, and its threads."""
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    facts = dict(line.split(":", 1) for line in status.splitlines())
    print(f"\nin use {heap.read_text().strip()} bytes, resident {facts['VmRSS'].strip()}, threads {facts['Threads'].strip()}")
    return int(heap.read_text()), int(facts["Threads"])


@pytest.mark.soak
@pytest.mark.timeout(1_800)
async def test_nothing_of_two_hundred_calls_stays(tmp_path: Path, heap_teller: Path) -> None:
    choice, heap = random.Random(200), tmp_path / "heap"
    environment = {"LD_PRELOAD": str(heap_teller), "HEAP_FILE": str(heap)}
    async with asterisk(tmp_path / "asterisk", environment=environment) as server, centre(server) as here:
        for _ in range(WARM_UP):
            await one_call(here, choice)
        await asyncio.sleep(REST_S)
        memory, threads = used(server, heap)
        for _ in range(CALLS):
            await one_call(here, choice)
        await asyncio.sleep(REST_S)
        memory_after, threads_after = used(server, heap)
        assert memory_after - memory < CALLS * LEAK_MAX, "its memory grows"
        assert threads_after <= threads + 4, "its threads stay"
        assert not here.switch._board.legs
        assert not here.switch._board.janitor.owned
