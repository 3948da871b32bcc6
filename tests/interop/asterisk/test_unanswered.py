"""What a real Asterisk was asked and did not answer in time, heeded or not: soon after, people hear what the desktop shows."""

import asyncio
from pathlib import Path

import pytest

from telegraphone.domain.operations import Operation
from telegraphone.services.ports import Unavailable
from telegraphone.wire.ari.requests import AriRequest
from tests.contract.switch.worlds import CALLER, MUSIC, voices
from tests.interop.asterisk.centre import AGENT_ONE, CUSTOMER, Centre, centre
from tests.interop.asterisk.server import asterisk

LISTEN_S, LISTENS_MAX = 0.3, 40
SPEECH = frozenset({CALLER})
"""All phones of a centre speak in one voice."""


async def heard(here: Centre, number: str) -> frozenset[str]:
    packets = here.phones[number].heard
    before = len(packets)
    await asyncio.sleep(LISTEN_S)
    return voices([each.packet for each in list(packets)[before:]])


async def until_heard(here: Centre, customer: frozenset[str], agent: frozenset[str]) -> None:
    found = frozenset[str](), frozenset[str]()
    for _ in range(LISTENS_MAX):
        mine, theirs = await asyncio.gather(heard(here, AGENT_ONE), heard(here, CUSTOMER))
        found = theirs, mine
        if found == (customer, agent):
            return
    raise AssertionError(found)


@pytest.mark.parametrize("heeded", [False, True], ids=["lost", "heeded"])
@pytest.mark.parametrize(
    ("there", "back", "customer", "agent"),
    [
        (Operation.HOLD, Operation.RETRIEVE, frozenset({MUSIC}), frozenset()),
        (Operation.MUTE, Operation.UNMUTE, frozenset(), SPEECH),
    ],
    ids=["hold", "mute"],
)
async def test_what_was_not_answered_is_so_soon(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    there: Operation,
    back: Operation,
    customer: frozenset[str],
    agent: frozenset[str],
    heeded: bool,
) -> None:
    async with asterisk(tmp_path / "asterisk") as server, centre(server) as here:
        await here.phones[CUSTOMER].dial(AGENT_ONE)
        await here.until_told("Ringing", "Established")
        await until_heard(here, SPEECH, SPEECH)
        link = here.switch._board.link
        ask = link.ask

        async def unanswered(request: AriRequest) -> object:
            answer = await ask(request) if heeded or request.method == "GET" else None
            if request.method == "GET":
                return answer
            raise Unavailable("switch", "no answer")

        with monkeypatch.context() as fault:
            fault.setattr(link, "ask", unanswered)
            with pytest.raises(Unavailable):
                await here.do(there)
        await until_heard(here, customer, agent)
        await here.do(back)
        await until_heard(here, SPEECH, SPEECH)
        await here.phones[CUSTOMER].hang_up()
        await here.nothing_is_left()
