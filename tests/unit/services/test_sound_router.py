"""Two switches with phones: each leg's sound is its own switch's affair, and so is what a phone is told."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegArrived, LegEnded
from telegraphone.domain.phone_requests import RecordingAsked
from telegraphone.domain.recording import Trigger
from telegraphone.services.ports import Caller, MediaAddress, SwitchEvent
from telegraphone.services.switch_router import SwitchRouter
from telegraphone.switches.simulated import SimulatedSwitch
from tests.scenario.clock import VirtualClock, settle

OWN, OTHER = LegId("own"), LegId("other")


class Stage:
    """A switch here with 5000 and 5001, and one there with 6000 and 6001."""

    def __init__(self) -> None:
        clock = VirtualClock()
        self.here = SimulatedSwitch(clock=clock, numbers=("5000", "5001"))
        self.there = SimulatedSwitch(clock=clock, numbers=("6000", "6001"))
        self.router = SwitchRouter((self.here, self.there))
        self.events: list[SwitchEvent] = []

    async def read(self) -> None:
        async for event in self.router.events():
            self.events.append(event)

    async def arrived(self, switch: SimulatedSwitch, number: str) -> LegId:
        switch.phone(number).call("1")
        await settle()
        event = self.events[-1]
        assert isinstance(event, LegArrived)
        return event.leg


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(made.read())
        await settle()
        yield made
        await made.here.close()
        await made.there.close()
        await reading


async def test_a_phone_is_called_where_it_is(stage: Stage) -> None:
    await stage.router.originate(OWN, "6001", Caller("1"))
    await stage.router.originate(OTHER, "5001", Caller("1"))
    assert (set(stage.there.legs), set(stage.here.legs)) == ({OWN}, {OTHER})


async def test_a_leg_is_called_where_those_are_it_will_talk_to(stage: Stage) -> None:
    caller = await stage.arrived(stage.there, "6000")
    await stage.router.originate(OWN, "5001", Caller("6000", beside=(LegId("not called yet"), caller)))
    await settle()
    assert stage.events[-1] == LegEnded(OWN, EndCause.UNKNOWN_NUMBER), "there is no way from one switch to the other"
    assert not stage.here.legs


async def test_sound_is_done_at_the_legs_switch(stage: Stage) -> None:
    await stage.router.originate(OWN, "6001", Caller("1"))
    await settle()
    stage.there.phone("6001").answer()
    mine, sound = stage.there.legs[OWN], stage.router.sound
    await sound.hold_music(OWN, True)
    await sound.ring_tone(OWN, True)
    await sound.mute(OWN, True)
    await sound.send_dtmf(OWN, "1")
    assert (mine.music, mine.ring_tone, mine.muted, mine.digits) == (True, True, True, "1")
    await sound.fork_heard(OWN, MediaAddress("192.0.2.9", 4000))
    assert list(stage.there.sound.mixes) == [OWN]
    await sound.mute_tap(OWN, True, heard=True)
    assert stage.there.sound.muted_taps == {(OWN, True)}
    await sound.unfork_heard(OWN)
    caller = await stage.arrived(stage.there, "6000")
    await stage.router.answer(caller)
    await stage.router.join((OWN, caller))
    await stage.router.originate(OTHER, "6000", Caller("1"))
    await settle()
    stage.there.phone("6000").answer()
    await sound.monitor(OTHER, OWN, frozenset())
    assert stage.there.hears(OTHER) == {caller}
    await sound.unmonitor(OTHER)
    assert stage.there.hears(OTHER) == frozenset()
    assert not stage.here.legs


async def test_a_phone_is_told_by_its_own_switch(stage: Stage) -> None:
    await stage.arrived(stage.there, "6000")
    asked = stage.there.requests.record("6000", Trigger.START)
    await settle()
    assert isinstance(stage.events[-1], RecordingAsked)
    await stage.router.requests.settle(asked, None)
    assert stage.there.requests.settled == {asked: None}
    assert stage.here.requests.settled == {}
