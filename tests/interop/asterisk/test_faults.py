"""An Asterisk that is cut off, killed, frozen, or whose events are lost, doubled and late: no phantom calls, nothing left.

Every test ends with an empty Asterisk, and agents who were told the truth.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause
from telegraphone.domain.operations import Operation
from telegraphone.phone import CallFailed, PhoneState
from telegraphone.services.ports import Caller, MediaAddress, MediaSource, Unavailable
from telegraphone.switches.asterisk import connection, link
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.wire.ari.events import AriEvent
from telegraphone.wire.ari.requests import AriRequest
from telegraphone.wire.ari.resources import AriChannel
from tests.interop.asterisk.centre import AGENT_ONE, AGENT_TWO, AGENTS, CUSTOMER, Centre, centre
from tests.interop.asterisk.fault_proxy import Event, fault_proxy
from tests.interop.asterisk.server import Asterisk, asterisk
from tests.interop.asterisk.test_sample_configuration import events_of

CALL = ("Ringing", "Established")
LOST_S, ANSWER_S, NEVER_S = 8.0, 1.0, 86_400.0
RECORDED = ("Recording", "Paused", "Recording", "Stopped")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Asterisk]:
    async with asterisk(tmp_path / "asterisk") as made:
        yield made


async def begin_recording(here: Centre) -> None:
    """A customer calls the agent, who answers and records."""
    await here.phones[CUSTOMER].dial(AGENT_ONE)
    await here.until_told(*CALL)
    await here.do(Operation.START_RECORDING)


async def recorded_call(here: Centre) -> None:
    """A customer calls the agent, who records, pauses and resumes, transfers to the other and is out; all hang up."""
    await here.phones[CUSTOMER].dial(AGENT_ONE)
    await here.until_told(*CALL)
    for each in (Operation.START_RECORDING, Operation.PAUSE_RECORDING, Operation.RESUME_RECORDING, Operation.STOP_RECORDING):
        await here.do(each)
    await here.until_told(*CALL, *RECORDED)
    await here.do(Operation.HOLD)
    await here.do(Operation.RETRIEVE)
    await here.do(Operation.SINGLE_STEP_TRANSFER, number=AGENT_TWO)
    await here.until(lambda: "Established" in here.told(AGENT_TWO))
    assert here.told(AGENT_TWO) == list(CALL)
    assert here.told()[-1] == "Released"
    await here.phones[CUSTOMER].hang_up()
    await here.until(lambda: "Released" in here.told(AGENT_TWO))
    await here.nothing_is_left()


@pytest.mark.parametrize("fault", ["doubled", "late"])
async def test_events_that_come_twice_or_late(server: Asterisk, fault: str) -> None:
    async with fault_proxy(server) as proxy:
        proxy.doubled, proxy.late_s = fault == "doubled", 0.15 if fault == "late" else 0.0
        async with centre(server, url=proxy.url) as here:
            await recorded_call(here)
            assert here.told().count("Established") == 2, "answered, and retrieved from hold"
            assert [each for each in here.told() if each == "Ringing"] == ["Ringing"]
        assert not {each["type"] for each in proxy.seen} & set(connection._UNHEARD), "what comes in floods stays with Asterisk"


def about(event: Event, number: str, *kinds: str) -> bool:
    return event["type"] in kinds and f"/{number}-" in event["channel"]["name"]


LOST = {
    "its arrival": lambda event: about(event, CUSTOMER, "StasisStart"),
    "its ringing": lambda event: about(event, AGENT_ONE, "ChannelStateChange"),
    "its answer": lambda event: about(event, AGENT_ONE, "StasisStart"),
    "its end": lambda event: about(event, CUSTOMER, "StasisEnd", "ChannelDestroyed", "ChannelHangupRequest"),
    "the beginnings of taps": lambda event: event["type"] == "StasisStart" and "PJSIP/" not in event["channel"]["name"],
}


@pytest.mark.parametrize("what", LOST)
async def test_a_call_of_which_an_event_is_lost(server: Asterisk, what: str) -> None:
    """It is seen at the next look, and ends as every call does."""
    async with fault_proxy(server) as proxy:
        proxy.loses = LOST[what]
        async with centre(server, url=proxy.url) as here:
            await here.phones[CUSTOMER].dial(AGENT_ONE)
            await here.until(lambda: "Established" in here.told())
            assert here.told() == list(CALL)
            await here.do(Operation.START_RECORDING)
            await here.phones[CUSTOMER].hang_up()
            await here.until(lambda: "Released" in here.told())
            await here.nothing_is_left()
        assert any(LOST[what](each) for each in proxy.seen), "there was such an event"


async def test_a_leg_that_is_made_while_all_are_listed_is_not_gone(server: Asterisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asterisk lists its channels, then makes the leg and answers; the list is looked at after that."""
    async with centre(server) as here:
        board, comparing = here.switch._board, here.switch._connection
        ask, listed, made = board.link.ask, comparing._legs, asyncio.Event()

        async def asked_late(request: AriRequest) -> object:
            if (request.method, request.path) == ("POST", "/channels"):
                await made.wait()
            return await ask(request)

        async def looked_at_late() -> dict[str, AriChannel]:
            found = await listed()
            made.set()
            await calling
            return found

        monkeypatch.setattr(board.link, "ask", asked_late)
        leg = LegId("a leg")
        calling = asyncio.create_task(here.switch.originate(leg, AGENT_ONE, Caller("5000")))
        await asyncio.sleep(0)
        assert leg in board.legs
        monkeypatch.setattr(comparing, "_legs", looked_at_late)
        await comparing._compare()
        monkeypatch.undo()
        assert leg in board.legs
        await here.phones[AGENT_ONE].until(PhoneState.TALKING)
        await here.switch.hang_up(leg, EndCause.NORMAL)
        await here.nothing_is_left()


async def test_the_events_connection_is_cut_and_the_customer_leaves_meanwhile(server: Asterisk) -> None:
    """Recording goes on and can be paused; what happened meanwhile is known after the connection is back."""
    async with fault_proxy(server) as proxy, centre(server, url=proxy.url) as here:
        await begin_recording(here)
        await proxy.cut()
        await here.until(lambda: not here.switch.works)
        await here.do(Operation.PAUSE_RECORDING)
        await here.until(lambda: here.told()[-1] == "Paused")
        await here.do(Operation.HOLD)
        await here.do(Operation.RETRIEVE)
        with pytest.raises(Unavailable):
            await here.do(Operation.SINGLE_STEP_CONFERENCE, number=AGENT_TWO)
        await here.phones[CUSTOMER].hang_up()
        await asyncio.sleep(0.5)
        assert "Released" not in here.told()
        proxy.refuses = False
        await here.until(lambda: "Released" in here.told())
        await here.nothing_is_left()
        await recalls(here)


async def recalls(here: Centre) -> None:
    """A new call works as if nothing had been."""
    here.notices.clear()
    await here.phones[CUSTOMER].dial(AGENT_ONE)
    await here.until(lambda: "Established" in here.told())
    await here.do(Operation.HANGUP)
    await here.until(lambda: "Released" in here.told())
    await here.nothing_is_left()


async def test_a_bug_in_reading_events_ends_no_call(
    server: Asterisk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All is read anew over another connection, what happened meanwhile too."""
    async with centre(server) as here:
        await begin_recording(here)
        facts = here.switch._facts
        take = facts.take

        def crash(event: AriEvent) -> None:
            monkeypatch.setattr(facts, "take", take)
            raise KeyError(event)

        monkeypatch.setattr(facts, "take", crash)
        await here.phones[CUSTOMER].hang_up()
        await here.until(lambda: "Released" in here.told())
        assert "asterisk_connection_crashed" in capsys.readouterr().out
        await here.nothing_is_left()
        await recalls(here)


async def test_asterisk_is_killed_in_a_call_and_comes_back(server: Asterisk) -> None:
    """Agents are told that the call is over, and phones can call again as soon as they have registered."""
    async with centre(server) as here:
        await begin_recording(here)
        server.signal(signal.SIGKILL)
        await server.ends()
        await here.until(lambda: "Released" in here.told())
        assert here.told() == [*CALL, "Recording", "Stopped", "Released"] or here.told() == [*CALL, "Recording", "Released"]
        for phone in here.phones.values():
            await phone.hang_up()
        await server.start_again()
        await here.until(lambda: here.switch.works)
        await here.register()
        await recalls(here)


async def test_asterisk_is_restarted_while_it_could_not_be_reached(
    server: Asterisk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is there again before anybody has seen it gone, and knows none of the calls: they are over."""
    monkeypatch.setattr(connection, "ARI_LOST_S", NEVER_S)
    async with fault_proxy(server) as proxy, centre(server, url=proxy.url) as here:
        await begin_recording(here)
        await proxy.cut()
        await here.until(lambda: not here.switch.works)
        server.signal(signal.SIGKILL)
        await server.ends()
        await server.start_again()
        assert "Released" not in here.told()
        proxy.refuses = False
        await here.until(lambda: "Released" in here.told())
        assert "asterisk_restarted" in capsys.readouterr().out
        for phone in here.phones.values():
            await phone.hang_up()
        await here.register()
        await recalls(here)


async def test_an_asterisk_that_ends_in_good_order_ends_its_calls(server: Asterisk) -> None:
    async with centre(server) as here:
        await begin_recording(here)
        server.signal(signal.SIGTERM)
        await here.until(lambda: "Released" in here.told())
        await server.ends()
        assert here.told().count("Released") == 1
        assert not here.switch._board.legs
        await server.start_again()
        await here.until(lambda: here.switch.works)
        await here.nothing_is_left()


async def test_another_program_takes_the_application(
    server: Asterisk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is told then that all is well; recordings can be paused, and soon calls and their events are ours again."""
    soon, sleep = asyncio.Event(), asyncio.sleep

    async def sleep_or_wait(delay: float) -> None:
        await (soon.wait() if delay == NEVER_S else sleep(delay))

    monkeypatch.setattr(connection, "ARI_TAKEN_S", NEVER_S)
    monkeypatch.setattr(asyncio, "sleep", sleep_or_wait)
    async with centre(server) as here:
        await begin_recording(here)
        async with events_of(server):
            await here.until(lambda: "application_taken" in capsys.readouterr().out)
            await here.until(lambda: not here.switch.works)
            await here.do(Operation.PAUSE_RECORDING)
            await here.phones[CUSTOMER].hang_up()
            assert not here.switch.works
        soon.set()
        await here.until(lambda: here.switch.works)
        await here.until(lambda: "Released" in here.told())
        await here.nothing_is_left()
        await recalls(here)


async def test_a_frozen_asterisk_answers_nothing(
    server: Asterisk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who asks for something is told in time that it could not be done; a pause needs no Asterisk. Calls go on when it comes
    to soon, however long it had been there before, and are over when it does not."""
    monkeypatch.setattr(connection, "ARI_LOST_S", LOST_S)
    async with centre(server) as here:
        connected = time.monotonic()
        await begin_recording(here)
        await here.until(lambda: time.monotonic() > connected + LOST_S)
        server.signal(signal.SIGSTOP)
        await here.do(Operation.PAUSE_RECORDING)
        with monkeypatch.context() as hasty:
            hasty.setattr(link, "ARI_ANSWER_S", ANSWER_S)
            with pytest.raises(Unavailable):
                await here.do(Operation.MUTE)
            await here.until(lambda: not here.switch.works)
            # It is tried in vain to reconnect.
            await here.until(lambda: "asterisk_unreached" in capsys.readouterr().out)
        server.signal(signal.SIGCONT)
        await here.until(lambda: here.switch.works)
        await here.do(Operation.RESUME_RECORDING)
        [call] = here.calls.of(AGENTS[AGENT_ONE])
        assert (call.state.value, call.recording_state) == ("Established", "Recording")

        server.signal(signal.SIGSTOP)
        await here.until(lambda: "Released" in here.told())
        server.signal(signal.SIGCONT)
        await here.until(lambda: here.switch.works)
        await here.phones[CUSTOMER].until(PhoneState.IDLE)
        await here.nothing_is_left()
        await recalls(here)


async def test_what_a_node_that_died_left_behind_is_ended(server: Asterisk) -> None:
    """Nobody controls or records it any more; other people's calls are let be."""
    async with centre(server) as here:
        await begin_recording(here)
        foreign = (await server.ari("POST", "/bridges", bridgeId="somebody-else", type="mixing")).json()["id"]
        died = here.switch._life
        assert died is not None
        died.cancel()
        await asyncio.gather(died, return_exceptions=True)
        assert len(await server.ids("channels")) == 6
        async with centre(server, phones=False):
            await here.phones[CUSTOMER].until(PhoneState.IDLE)
            for _ in range(250):
                if (await server.ids("channels"), await server.ids("bridges")) == ([], [foreign]):
                    break
                await asyncio.sleep(0.1)
            assert (await server.ids("channels"), await server.ids("bridges")) == ([], [foreign])
        await server.ari("DELETE", f"/bridges/{foreign}")


async def test_calls_are_refused_while_nobody_listens(server: Asterisk) -> None:
    async with fault_proxy(server) as proxy, centre(server, url=proxy.url) as here:
        await proxy.cut()
        await here.until(lambda: not here.switch.works)
        with pytest.raises(CallFailed) as failed:
            await here.phones[CUSTOMER].call(AGENT_ONE)
        assert failed.value.status == 503
        assert here.told() == []


async def test_taps_are_refused_before_asterisk_runs_out_of_ports(tmp_path: Path) -> None:
    """With none left, the next tap would kill Asterisk and every call it has."""
    async with asterisk(tmp_path / "asterisk", rtp_ports=8) as server, centre(server) as here:
        await here.phones[CUSTOMER].dial(AGENT_ONE)
        await here.until_told(*CALL)
        with pytest.raises(Unavailable, match="RTP ports"):
            await here.do(Operation.START_RECORDING)
        assert here.told() == list(CALL)
        await here.do(Operation.HANGUP)
        await here.until(lambda: "Released" in here.told())
        await here.nothing_is_left()


@pytest.mark.parametrize(("part", "at_once"), [("media", True), ("snoop", False)])
async def test_a_tap_that_lost_a_part_is_opened_anew(
    server: Asterisk, monkeypatch: pytest.MonkeyPatch, part: str, at_once: bool
) -> None:
    """Whoever ended it: the recorder is told where the audio comes from now. What fails is tried again at the next look."""
    async with centre(server) as here:
        await begin_recording(here)
        taps, opens = here.switch._taps, here.switch._taps._open
        tried: list[Leg] = []

        async def opened(leg: Leg, to: MediaAddress) -> MediaSource:
            tried.append(leg)
            if len(tried) == 1 and not at_once:
                raise Unavailable("switch", "not now")
            return await opens(leg, to)

        monkeypatch.setattr(taps, "_open", opened)
        [broken, _] = sorted(each for each in await server.ids("channels") if f".{part}." in each)
        await server.ari("DELETE", f"/channels/{broken}")
        for _ in range(100):
            left = await server.ids("channels")
            if len(left) == 6 and broken not in left:
                break
            await asyncio.sleep(0.1)
        assert len(left) == 6
        assert len(tried) == (1 if at_once else 2)
        await here.do(Operation.HANGUP)
        await here.until(lambda: "Released" in here.told())
        await here.nothing_is_left()


@pytest.mark.parametrize("part", ["media", "snoop"])
async def test_the_copy_of_a_conference_that_lost_a_part_is_made_anew(server: Asterisk, part: str) -> None:
    async with centre(server) as here:
        await begin_recording(here)
        await here.do(Operation.SINGLE_STEP_CONFERENCE, number=AGENT_TWO)
        await here.until(lambda: "Established" in here.told(AGENT_TWO))
        [tape] = here.recorder.tapes.values()
        mix = tape.sources
        assert mix is not None
        whole = await server.ids("channels")
        # Ids are numbered: the mix was made last.
        broken = max((each for each in whole if f".{part}." in each), key=lambda each: int(each.rpartition(".")[2]))
        await server.ari("DELETE", f"/channels/{broken}")
        await here.until(lambda: tape.sources not in (None, mix))
        assert tape.sources is not None
        assert tape.sources[0] == mix[0], "the agent's own track stays as it was"
        for _ in range(100):
            left = await server.ids("channels")
            if len(left) == len(whole) and broken not in left:
                break
            await asyncio.sleep(0.1)
        assert len(left) == len(whole)
        assert broken not in left
        await here.do(Operation.HANGUP)
        await here.until(lambda: "Released" in here.told())
        for phone in (CUSTOMER, AGENT_TWO):
            await here.phones[phone].hang_up()
        await here.nothing_is_left()
