"""Conferences on real phones, at the built-in exchange and at an Asterisk: who hears whom, and who is heard in recordings."""

from pathlib import Path

from tests.interop.office import CUSTOMER, MUSIC, ONE, OTHER, TWO, alone_at_asterisk, in_a_call, office, recorded

pytestmark = alone_at_asterisk("asterisk", "asterisk by packets")


async def test_single_step_conference(tmp_path: Path, at: str) -> None:
    """A third party comes in and is sent away: each hears the two others, and the recording both of them."""
    async with office(tmp_path, CUSTOMER, ONE, OTHER, codecs={OTHER: "PCMA"}, at=at) as here:
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        await here.one.dial_into(call, "SingleStepConference", OTHER)
        three = await here.hear(p5000=[ONE, OTHER], p5001=[CUSTOMER, OTHER], p5003=[CUSTOMER, ONE])
        await here.one.do(call, "Hold")
        held = await here.hear(p5000=[OTHER], p5001=[], p5003=[CUSTOMER])
        await here.one.do(call, "Retrieve")
        back = await here.hear(p5000=[ONE, OTHER], p5001=[CUSTOMER, OTHER], p5003=[CUSTOMER, ONE])
        await here.one.do(call, "MuteCall")
        muted = await here.hear(p5000=[OTHER], p5001=[CUSTOMER, OTHER], p5003=[CUSTOMER])
        await here.phones[OTHER].hang_up()
        await here.one.do(call, "UnmuteCall")
        two = await here.hear(p5000=[ONE], p5001=[CUSTOMER])
        await here.one.do(call, "Hangup")
        [part] = await recorded(here, call["callUuid"])
        for moment in (three, back):
            part.holds(moment, agent=[ONE], other=[CUSTOMER, OTHER])
        part.holds(held, agent=[], other=[])
        part.holds(muted, agent=[], other=[CUSTOMER, OTHER])
        part.holds(two, agent=[ONE], other=[CUSTOMER])


async def test_conference_after_a_consult(tmp_path: Path, at: str) -> None:
    """The colleague asked first comes in, keys reach everybody, one is removed, and the owner ends it for all."""
    async with office(tmp_path, CUSTOMER, ONE, TWO, OTHER, at=at) as here:
        call = await in_a_call(here)
        await here.one.do(call, "StartCallRecording")
        await here.one.dial_into(call, "InitiateConference", TWO)
        await here.one.call(callType="Consult")
        consulting = await here.hear(p5000=[MUSIC], p5001=[TWO], p5002=[ONE])
        await here.one.do(call, "CompleteConference")
        three = await here.hear(p5000=[ONE, TWO], p5001=[CUSTOMER, TWO], p5002=[CUSTOMER, ONE])
        await here.one.dial_into(call, "SingleStepConference", OTHER)
        four = await here.hear(
            p5000=[ONE, TWO, OTHER], p5001=[CUSTOMER, TWO, OTHER], p5002=[CUSTOMER, ONE, OTHER], p5003=[CUSTOMER, ONE, TWO]
        )
        await here.one.do(call, "SendDtmf", digits="5")
        for number in (CUSTOMER, TWO, OTHER):
            await here.phones[number].reports("digit", digit="5")
        await here.one.do(call, "RemoveParticipantFromConference", participant=TWO)
        await here.phones[TWO].reports("call", state="DISCONNECTED")
        removed = await here.hear(p5000=[ONE, OTHER], p5001=[CUSTOMER, OTHER], p5003=[CUSTOMER, ONE])
        await here.one.do(call, "ClearCall")
        for number in (CUSTOMER, ONE, OTHER):
            await here.phones[number].reports("call", state="DISCONNECTED")
        [part] = await recorded(here, call["callUuid"])
        part.holds(consulting, agent=[], other=[])
        part.holds(three, agent=[ONE], other=[CUSTOMER, TWO])
        part.holds(four, agent=[ONE], other=[CUSTOMER, TWO, OTHER])
        part.holds(removed, agent=[ONE], other=[CUSTOMER, OTHER])
