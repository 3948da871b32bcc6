"""Call control on real phones, at the built-in exchange and at an Asterisk: who hears whom, and who is heard in recordings
(conferences: `test_conferences`)."""

from pathlib import Path

import pytest

from tests.interop.office import CUSTOMER, MUSIC, ONE, OTHER, RINGING, TWO, in_a_call, office, recorded

pytestmark = pytest.mark.parametrize("at", ["exchange", "asterisk", "asterisk by packets"])


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
async def test_hold_and_retrieve(tmp_path: Path, at: str, codec: str) -> None:
    """The held customer hears music, the agent nobody; the recording holds neither, and goes on."""
    async with office(tmp_path, CUSTOMER, ONE, codecs={CUSTOMER: codec}, at=at) as here:
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


async def test_mute(tmp_path: Path, at: str) -> None:
    """Nobody hears the muted agent, the recording as little; the agent hears everybody."""
    async with office(tmp_path, CUSTOMER, ONE, at=at) as here:
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        await here.one.do(call, "MuteCall")
        muted = await here.hear(p5000=[], p5001=[CUSTOMER])
        await here.one.do(call, "UnmuteCall")
        after = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        part.holds(muted, agent=[], other=[CUSTOMER])
        part.holds(after, agent=[ONE], other=[CUSTOMER])


async def test_keypad_digits(tmp_path: Path, at: str) -> None:
    """The customer's phone gets each key once, in order, and the voices go on."""
    async with office(tmp_path, CUSTOMER, ONE, at=at) as here:
        call = await in_a_call(here)
        await here.one.do(call, "SendDtmf", digits="11*0#")
        for digit, times in (("1", 2), ("*", 1), ("0", 1), ("#", 1)):
            await here.phones[CUSTOMER].reports("digit", times, digit=digit)
        digits = [fact["digit"] for fact in here.phones[CUSTOMER].facts if fact["fact"] == "digit"]
        assert digits == list("11*0#")
        await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        assert not [fact for fact in here.phones[ONE].facts if fact["fact"] == "digit"]


async def test_a_call_moves_while_keys_are_played(tmp_path: Path, at: str) -> None:
    """Hold, retrieval and transfer do not wait for the end of a card's numbers, of which the customer's phone gets each key."""
    first, second = "4111111111111111#1230#123##", "00*0000000A"
    async with office(tmp_path, CUSTOMER, ONE, TWO, at=at) as here:
        call = await in_a_call(here)
        await here.one.do(call, "SendDtmf", digits=first)
        await here.one.do(call, "Hold")
        await here.phones[CUSTOMER].until(lambda: here.last_heard(CUSTOMER) == {MUSIC})
        await here.one.do(call, "Retrieve")
        await here.one.do(call, "SendDtmf", digits=second)
        await here.one.dial_into(call, "SingleStepTransfer", TWO)
        await here.hear(p5000=[TWO], p5002=[CUSTOMER])
        await here.phones[CUSTOMER].reports("digit", digit="A")
        digits = [fact["digit"] for fact in here.phones[CUSTOMER].facts if fact["fact"] == "digit"]
        assert digits == list(first + second)


async def test_consult_swap_and_transfer(tmp_path: Path, at: str) -> None:
    """To a colleague, to and fro, and away: whoever waits hears music, the recording only the call it is of."""
    async with office(tmp_path, CUSTOMER, ONE, TWO, at=at) as here:
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        before = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.dial_into(call, "InitiateTransfer", TWO)
        consult = await here.one.call(callType="Consult")
        consulting = await here.hear(p5000=[MUSIC], p5001=[TWO], p5002=[ONE])
        await here.one.do(consult, "SwapCalls", otherCallUri=call["uri"])
        swapped = await here.hear(p5000=[ONE], p5001=[CUSTOMER], p5002=[MUSIC])
        await here.one.do(call, "SwapCalls", otherCallUri=consult["uri"])
        again = await here.hear(p5000=[MUSIC], p5001=[TWO], p5002=[ONE])
        await here.one.do(call, "CompleteTransfer")
        await here.phones[ONE].reports("call", state="DISCONNECTED")
        await here.hear(p5000=[TWO], p5002=[CUSTOMER])
        taken = await here.two.call(callUuid=call["callUuid"])
        await here.two.do(taken, "StartCallRecording")
        after = await here.hear(p5000=[TWO], p5002=[CUSTOMER])
        await here.two.do(taken, "Hangup")
        await here.phones[CUSTOMER].reports("call", state="DISCONNECTED")
        first, second = await recorded(here, call["callUuid"], parts=2)
        for moment in (before, swapped):
            first.holds(moment, agent=[ONE], other=[CUSTOMER])
        for moment in (consulting, again):
            first.holds(moment, agent=[], other=[])
        assert (first.number, second.number) == (ONE, TWO)
        second.holds(after, agent=[TWO], other=[CUSTOMER])


async def test_the_agent_hears_the_colleagues_phone_ring(tmp_path: Path, at: str) -> None:
    """While the colleague is asked for, there is ringing; who declines leaves the agent with a call on hold."""
    async with office(tmp_path, CUSTOMER, ONE, TWO, by_hand=[TWO], at=at) as here:
        call = await in_a_call(here)
        await here.one.dial_into(call, "InitiateTransfer", TWO)
        await here.phones[ONE].until(lambda: here.last_heard(ONE) == {RINGING})
        await here.phones[CUSTOMER].until(lambda: here.last_heard(CUSTOMER) == {MUSIC})
        await here.phones[TWO].hang_up()
        await here.hear(p5000=[MUSIC], p5001=[])
        await here.one.dial_into(call, "InitiateTransfer", TWO)
        await here.phones[ONE].until(lambda: here.last_heard(ONE) == {RINGING})
        here.phones[TWO].do("answer")
        await here.hear(p5000=[MUSIC], p5001=[TWO], p5002=[ONE])


async def test_single_step_transfer(tmp_path: Path, at: str) -> None:
    """The customer hears music until the other answers, and then the other."""
    async with office(tmp_path, CUSTOMER, ONE, OTHER, at=at) as here:
        call = await in_a_call(here)
        await here.one.dial_into(call, "SingleStepTransfer", OTHER)
        await here.phones[ONE].reports("call", state="DISCONNECTED")
        await here.hear(p5000=[OTHER], p5003=[CUSTOMER])
