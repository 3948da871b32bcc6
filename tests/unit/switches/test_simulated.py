"""The scripts of simulated phones, on a clock that a test moves."""

import asyncio

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import Ability, EndCause, LegAnswered, LegEnded, LegRinging
from telegraphone.services.ports import Caller, SwitchEvent, TapMoved, Unavailable
from telegraphone.services.ports import MediaAddress as Address
from telegraphone.switches.simulated import Script, SimulatedSwitch
from tests.scenario.clock import VirtualClock

LEG = LegId("leg")


class Stage:
    def __init__(self, **options: frozenset[Ability]) -> None:
        self.clock = VirtualClock()
        self.switch = SimulatedSwitch(clock=self.clock, numbers=("5000", "5001"), **options)
        self.facts: list[SwitchEvent] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for event in self.switch.events():
            self.facts.append(event)

    async def after(self, seconds: float) -> list[SwitchEvent]:
        """What is told within this time."""
        await self.clock.advance(seconds)
        told, self.facts = self.facts, []
        return told

    async def call(self, script: Script) -> None:
        await self.after(0)
        self.switch.phone("5001").script = script
        await self.switch.originate(LEG, "5001", Caller("5000", "Caller"))

    async def close(self) -> list[SwitchEvent]:
        await self.switch.close()
        await self._reader
        return self.facts


async def test_a_phone_does_what_its_script_says_when_it_says() -> None:
    stage = Stage()
    await stage.call(Script(rings_after_s=1.0, answers_after_s=3.0, can_answer=False))
    assert await stage.after(0.9) == []
    assert await stage.after(0.2) == [LegRinging(LEG, can_answer=False)]
    await stage.switch.answer(LEG)
    assert await stage.after(1.8) == []
    assert await stage.after(0.2) == [LegAnswered(LEG)]
    assert stage.switch.phone("5001").caller == Caller("5000", "Caller")
    assert await stage.close() == [LegEnded(LEG, EndCause.NORMAL)]


async def test_a_phone_refuses() -> None:
    stage = Stage()
    await stage.call(Script(refuses_after_s=2.0, refuses_with=EndCause.DECLINED))
    assert await stage.after(2.0) == [LegRinging(LEG, can_answer=True), LegEnded(LEG, EndCause.DECLINED)]
    await stage.close()


async def test_a_script_ends_with_its_leg() -> None:
    stage = Stage()
    await stage.call(Script(answers_after_s=2.0))
    await stage.after(1.0)
    await stage.switch.hang_up(LEG, EndCause.NO_ANSWER)
    assert await stage.after(10.0) == [LegEnded(LEG, EndCause.NO_ANSWER)]
    await stage.close()


async def test_a_copy_moves_when_the_phone_changes_its_codec() -> None:
    stage = Stage()
    await stage.call(Script(answers_after_s=0.0))
    await stage.after(0)
    await stage.switch.fork(LEG, Address("192.0.2.5", 40_000))
    stage.switch.phone("5001").change_codec({8: "PCMA"})
    (moved,) = await stage.after(0)
    assert isinstance(moved, TapMoved)
    assert moved.source.codecs == {8: "PCMA"}
    await stage.close()


async def test_a_switch_out_of_reach_says_so() -> None:
    stage = Stage()
    stage.switch.reachable = False
    with pytest.raises(Unavailable):
        await stage.switch.originate(LEG, "5001", Caller("5000"))
    with pytest.raises(Unavailable):
        await stage.switch.hang_up(LEG, EndCause.NORMAL)
    await stage.close()


async def test_without_the_ability_there_is_no_conference() -> None:
    stage = Stage(abilities=frozenset({Ability.DIAL}))
    with pytest.raises(Unavailable):
        await stage.switch.join((LEG, LegId("second"), LegId("third")))
    await stage.close()


async def test_a_supervisor_hears_all_and_is_heard_by_few_until_joined() -> None:
    switch = SimulatedSwitch(clock=VirtualClock(), numbers=("5000", "5001", "5002", "5003"))
    customer, agent, supervisor, other = (switch.phone(each).call("5009") for each in ("5000", "5001", "5002", "5003"))
    for leg in (customer, agent, supervisor, other):
        await switch.answer(leg)
    await switch.join((customer, agent))
    await switch.sound.monitor(supervisor, agent, frozenset())
    assert [switch.hears(each) for each in (supervisor, agent, customer)] == [{customer, agent}, {customer}, {agent}]
    await switch.sound.monitor(supervisor, agent, frozenset({agent}))
    assert [switch.hears(each) for each in (agent, customer)] == [{customer, supervisor}, {agent}]
    await switch.join((agent, other))
    assert [switch.hears(each) for each in (supervisor, other)] == [{agent, other}, {agent}]
    await switch.join((customer, agent, supervisor))
    assert [switch.hears(each) for each in (supervisor, agent)] == [{customer, agent}, {customer, supervisor}]
    await switch.sound.monitor(supervisor, agent, frozenset({agent}))
    await switch.sound.unmonitor(supervisor)
    assert [switch.hears(each) for each in (supervisor, agent, customer)] == [frozenset(), {customer}, {agent}]
    await switch.sound.monitor(supervisor, agent, frozenset({customer}))
    await switch.hang_up(agent, EndCause.NORMAL)
    assert [switch.hears(each) for each in (supervisor, customer)] == [frozenset(), frozenset()]
    with pytest.raises(Unavailable):
        await switch.sound.monitor(supervisor, agent, frozenset())
    await switch.close()
