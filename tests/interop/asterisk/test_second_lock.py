"""The second lock of a pause, seen at the ports where Asterisk's copies arrive: speech, then nothing at all, then speech."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from httpx import Timeout

from telegraphone.domain.operations import Operation
from telegraphone.media.g711 import MU_VALUES
from telegraphone.wire.ari.requests import AriRequest
from telegraphone.wire.rtp.packet import RtpPacket, read_packet
from tests.interop.asterisk.centre import AGENT_ONE, AGENT_TWO, CUSTOMER, PATIENCE_S, Centre, centre
from tests.interop.asterisk.server import Asterisk, asterisk
from tests.interop.system import HOST

LOUD = 2_000
QUIET_S, PAUSE_S, PAUSES = 0.5, 0.5, 10


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Asterisk]:
    async with asterisk(tmp_path / "asterisk") as made:
        yield made


@dataclass(slots=True)
class TapPort:
    """Where a copy is sent to, and all that came."""

    opened: socket.socket
    packets: list[RtpPacket] = field(default_factory=list)

    def read(self) -> None:
        self.packets.append(read_packet(self.opened.recv(2_048)))

    async def brings_speech(self) -> None:
        """Somebody's voice comes, from now on."""
        now = len(self.packets)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if any(map(loud, self.packets[now:])):
                    return
                await asyncio.sleep(0.01)


def loud(packet: RtpPacket) -> bool:
    return max(abs(MU_VALUES[each]) for each in packet.payload) > LOUD


@asynccontextmanager
async def tap_port() -> AsyncIterator[TapPort]:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind((HOST, 0))
        opened.setblocking(False)
        made = TapPort(opened)
        loop.add_reader(opened.fileno(), made.read)
        try:
            yield made
        finally:
            loop.remove_reader(opened.fileno())


@asynccontextmanager
async def tapped_centre(server: Asterisk) -> AsyncIterator[tuple[Centre, tuple[TapPort, TapPort]]]:
    """A centre, and where its recorder has the agent's track and the other one's sent."""
    async with centre(server) as here, tap_port() as mine, tap_port() as theirs:
        here.recorder.ports = (mine.opened.getsockname()[1], theirs.opened.getsockname()[1])
        yield here, (mine, theirs)


async def recorded_call(here: Centre, *ports: TapPort) -> None:
    await here.phones[CUSTOMER].dial(AGENT_ONE)
    await here.until_told("Ringing", "Established")
    await here.do(Operation.START_RECORDING)
    for each in ports:
        await each.brings_speech()


async def falls_silent(here: Centre, *ports: TapPort) -> None:
    """Nothing comes any more, soon after Asterisk has answered that all copies are mute."""
    taps, mixes = here.switch._taps.open_ones.values(), here.switch._ears._mixes.values()
    await here.until(lambda: all(copy.lock._muted for copy in (*taps, *mixes)))
    async with asyncio.timeout(PATIENCE_S):
        while True:
            came = [len(each.packets) for each in ports]
            await asyncio.sleep(QUIET_S)
            if came == [len(each.packets) for each in ports]:
                return


async def over(here: Centre) -> None:
    await here.do(Operation.HANGUP)
    await here.until(lambda: "Released" in here.told())
    for number in (CUSTOMER, AGENT_TWO):
        await here.phones[number].hang_up()
    await here.nothing_is_left()


@pytest.mark.parametrize("conference", [False, True], ids=["two parties", "conference"])
async def test_nothing_is_sent_in_a_pause(server: Asterisk, conference: bool) -> None:
    """Several times over; each time it goes on where it would be, and Asterisk has not renumbered anything."""
    async with tapped_centre(server) as (here, ports):
        await recorded_call(here, *ports)
        if conference:
            await here.do(Operation.SINGLE_STEP_CONFERENCE, number=AGENT_TWO)
            await here.until(lambda: "Established" in here.told(AGENT_TWO))
            await asyncio.gather(*(each.brings_speech() for each in ports))
        for _ in range(PAUSES):
            await here.do(Operation.PAUSE_RECORDING)
            await falls_silent(here, *ports)
            came = [len(each.packets) for each in ports]
            await asyncio.sleep(PAUSE_S)
            assert came == [len(each.packets) for each in ports]
            await here.do(Operation.RESUME_RECORDING)
            await asyncio.gather(*(each.brings_speech() for each in ports))
            mine, number = ports[0].packets, came[0]
            before, after = mine[number - 1], mine[number]
            assert (after.sequence_number - before.sequence_number) & 0xFFFF == 1
            assert (after.timestamp - before.timestamp) & 0xFFFFFFFF >= PAUSE_S * 8_000
        await over(here)


@pytest.mark.parametrize("too_late", [False, True], ids=["late", "too late"])
async def test_a_mute_that_asterisk_heeds_after_the_resume_costs_nothing_of_it(
    server: Asterisk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], too_late: bool
) -> None:
    """A request to be mute is on its way while somebody pauses and resumes: neither waits for it, and what it does later is
    undone. Where Asterisk stands still for so long that nobody waits for its answer any more, the copies are opened anew."""
    async with tapped_centre(server) as (here, ports):
        await recorded_call(here, *ports)
        taps, link = here.switch._taps, here.switch._board.link
        patience, do, arrives = link._http.timeout, link.do, asyncio.Event()
        before = {tap.media for tap in taps.open_ones.values()}

        async def travels(request: AriRequest) -> bool:
            if request.method == "POST" and request.path.endswith("/mute"):
                await arrives.wait()
            return await do(request)

        if too_late:
            server.signal(signal.SIGSTOP)
            link._http.timeout = Timeout(0.3)
        else:
            monkeypatch.setattr(link, "do", travels)
        await here.do(Operation.PAUSE_RECORDING)
        [tape] = here.recorder.tapes.values()
        assert not tape.keeps_audio
        assert not any(tap.lock._muted for tap in taps.open_ones.values()), "it has been asked, and has not answered"
        await here.do(Operation.RESUME_RECORDING)
        assert tape.keeps_audio
        if too_late:
            await here.until(lambda: "tap_not_muted" in capsys.readouterr().out)
            link._http.timeout = patience
            server.signal(signal.SIGCONT)
        arrives.set()
        await here.until(lambda: not any(tap.lock.sticks or tap.lock._turning.locked() for tap in taps.open_ones.values()))
        await asyncio.gather(*(each.brings_speech() for each in ports))
        assert bool(before & {tap.media for tap in taps.open_ones.values()}) is not too_late
        await over(here)
