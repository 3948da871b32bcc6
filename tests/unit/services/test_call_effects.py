"""Effects that the switch does not carry out: the asker hears of it, and the calls are as they truly are."""

import pytest
from structlog.testing import capture_logs

from telegraphone.domain.ids import LegId
from telegraphone.domain.operations import Operation
from telegraphone.services.ports import MediaAddress, MediaSource, Unavailable
from tests.scenario.clock import settle
from tests.unit.services.world import ONE, START, TWO, answered, serving


async def test_an_unreachable_switch_does_not_keep_recordings_open() -> None:
    async with serving() as world:
        await world.talking()
        await world.do(ONE, START)
        world.switch.reachable = False
        await world.do(ONE, Operation.HANGUP)
        assert world.recorder.tapes == {}
        assert world.told(ONE)[-1] == "StatusChange Released"


async def test_a_switch_that_cannot_connect_ends_the_call() -> None:
    async with serving() as world:
        await world.ringing("5002", "5001")
        world.switch.reachable = False
        world.switch.phone("5001").answer()
        await settle()
        assert world.told(ONE) == ["StatusChange Ringing", "StatusChange Released"]
        assert world.told(TWO) == ["StatusChange Dialing", "StatusChange Released"]


@pytest.mark.parametrize("operation", [Operation.SINGLE_STEP_TRANSFER, Operation.SINGLE_STEP_CONFERENCE])
async def test_a_party_that_the_switch_cannot_call_changes_nothing(operation: Operation) -> None:
    async with serving() as world:
        await world.talking()
        world.switch.reachable = False
        with pytest.raises(Unavailable, match="switch"):
            await world.do(ONE, operation, number="5002")
        call = world.only_call(ONE)
        assert (call.state.value, call.participants, world.told(ONE)) == ("Established", ("5000",), [])


async def test_a_consult_that_the_switch_cannot_make_is_over_and_the_caller_is_on_hold() -> None:
    async with serving() as world:
        await world.talking()
        world.switch.reachable = False
        with pytest.raises(Unavailable, match="switch"):
            await world.do(ONE, Operation.INITIATE_TRANSFER, number="5002")
        await settle()
        assert (world.only_call(ONE).state.value, world.told(ONE)) == ("Held", ["StatusChange Held"])
        world.switch.reachable = True
        await world.do(ONE, Operation.RETRIEVE)


@pytest.mark.parametrize("leaves", ["5001", "5000"])
async def test_who_hangs_up_while_the_taps_move_ends_nothing_but_their_call(leaves: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The colleague's answer moves the taps; whoever is gone by then is missed by nobody, and no failure is told."""
    async with serving() as world:
        await world.talking()
        await world.do(ONE, START)
        await world.do(ONE, Operation.SINGLE_STEP_CONFERENCE, number="5002")
        fork = world.switch.fork

        async def crossed(leg: LegId, to: MediaAddress) -> MediaSource:
            monkeypatch.setattr(world.switch, "fork", fork)
            world.switch.phone(leaves).hang_up()
            return await fork(leg, to)

        monkeypatch.setattr(world.switch, "fork", crossed)
        with capture_logs() as logged:
            await answered(world, "5002")
            await settle()
        assert world.switch.fork is fork, "the taps were moved"
        assert [each["event"] for each in logged if each["log_level"] == "error"] == []
        assert "ErrorMessage" not in world.told(ONE)
        still = [call.recording_state for call in world.calls.of(ONE)]
        assert still == (["Recording"] if leaves == "5000" else [])
