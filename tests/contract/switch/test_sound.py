"""What a switch does to the sound of its legs, on each implementation: music, mute, keys, mixes, copies of them, monitoring."""

import asyncio

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegEnded
from telegraphone.services.ports import Unavailable
from tests.contract.switch.calls import NEVER, arrived, talking, third
from tests.contract.switch.worlds import AWAY, CALLED, CALLER, MUSIC, RINGING, Facts, Sink, World


async def conversation(world: World, facts: Facts) -> tuple[LegId, LegId]:
    caller, called = await talking(world, facts)
    await world.switch.join((caller, called))
    return caller, called


async def hear(world: World, wanted: dict[str, set[str]]) -> None:
    """Each hears these, and nobody else."""
    heard = await asyncio.gather(*(world.heard(number, frozenset(each)) for number, each in wanted.items()))
    assert dict(zip(wanted, map(set, heard), strict=True)) == wanted


async def holds(sink: Sink, *wanted: str) -> None:
    """What is copied there is these voices, and no other."""
    assert await sink.voices(frozenset(wanted)) == set(wanted)


# --- music, mute, keys ---


async def test_music_is_heard_while_nobody_else_is(world: World, facts: Facts) -> None:
    caller, called = await conversation(world, facts)
    await world.switch.join((called,))
    await world.switch.sound.hold_music(caller, True)
    await hear(world, {CALLER: {MUSIC}, CALLED: set()})
    await world.switch.join((caller, called))
    await hear(world, {CALLER: {CALLED}, CALLED: {CALLER}})
    await world.switch.join((called,))
    await hear(world, {CALLER: {MUSIC}})
    await world.switch.sound.hold_music(caller, False)
    await hear(world, {CALLER: set(), CALLED: set()})


async def test_who_calls_hears_the_other_phone_ring(world: World, facts: Facts) -> None:
    caller, called = await talking(world, facts)
    await world.switch.sound.hold_music(caller, True)
    await world.switch.sound.ring_tone(caller, True)
    await hear(world, {CALLER: {RINGING}})
    await world.switch.join((caller, called))
    await hear(world, {CALLER: {CALLED}, CALLED: {CALLER}})
    await world.switch.join((caller,))
    await world.switch.sound.ring_tone(caller, False)
    await hear(world, {CALLER: {MUSIC}})


async def test_who_is_muted_hears_and_is_not_heard_nor_copied(world: World, facts: Facts) -> None:
    _, called = await conversation(world, facts)
    sink = world.sink()
    await world.switch.fork(called, sink.address)
    await world.switch.sound.mute(called, True)
    await hear(world, {CALLER: set(), CALLED: {CALLER}})
    await holds(sink)
    assert await sink.receives(), "the copy goes on"
    await world.switch.sound.mute(called, False)
    await hear(world, {CALLER: {CALLED}})
    await holds(sink, CALLED)


async def test_keys_are_played_to_one_party(world: World, facts: Facts) -> None:
    caller, _ = await conversation(world, facts)
    await world.switch.sound.send_dtmf(caller, "1")
    await world.switch.sound.send_dtmf(caller, "1d#")
    assert (await world.keys(CALLER, 4)).upper() == "11D#"
    assert await world.keys(CALLED, 0) == ""
    await hear(world, {CALLER: {CALLED}, CALLED: {CALLER}})


async def test_keys_are_played_to_who_hears_nobody(world: World, facts: Facts) -> None:
    caller, _ = await talking(world, facts)
    await world.switch.sound.send_dtmf(caller, "7")
    assert await world.keys(CALLER, 1) == "7"


async def test_the_sound_of_legs_that_do_not_exist_is_no_error(world: World, facts: Facts) -> None:
    sound = world.switch.sound
    await sound.hold_music(NEVER, True)
    await sound.ring_tone(NEVER, True)
    await sound.mute(NEVER, True)
    await sound.send_dtmf(NEVER, "1")
    await sound.unfork_heard(NEVER)
    await sound.unmonitor(NEVER)
    await facts.none()


# --- three and more ---


async def test_in_a_conference_each_hears_all_others(world: World, facts: Facts) -> None:
    caller, called = await conversation(world, facts)
    other = await third(world, facts)
    await world.switch.join((caller, called, other))
    await hear(world, {CALLER: {CALLED, AWAY}, CALLED: {CALLER, AWAY}, AWAY: {CALLER, CALLED}})
    await world.switch.sound.mute(other, True)
    await hear(world, {CALLER: {CALLED}, CALLED: {CALLER}, AWAY: {CALLER, CALLED}})
    await world.switch.sound.mute(other, False)
    await world.switch.join((called,))
    await hear(world, {CALLER: {AWAY}, CALLED: set(), AWAY: {CALLER}})
    await world.switch.join((caller, called, other))
    await world.hang_up(CALLER)
    assert await facts.next() == LegEnded(caller, EndCause.NORMAL)
    await hear(world, {CALLED: {AWAY}, AWAY: {CALLED}})


async def test_what_a_party_hears_is_copied(world: World, facts: Facts) -> None:
    caller, called = await conversation(world, facts)
    other = await third(world, facts)
    first, second = world.sink(), world.sink()
    source = await world.switch.sound.fork_heard(called, first.address)
    assert source.codecs[0] == "PCMU"
    assert await world.switch.sound.fork_heard(called, first.address) == source
    await holds(first, CALLER)
    await world.switch.join((caller, called, other))
    await holds(first, CALLER, AWAY)
    await world.switch.sound.fork_heard(called, second.address)
    await holds(second, CALLER, AWAY)
    assert not await first.receives()
    await world.switch.join((called, other))
    await holds(second, AWAY)
    await world.switch.sound.unfork_heard(called)
    assert not await second.receives()
    await hear(world, {CALLED: {AWAY}, AWAY: {CALLED}})


async def test_a_copy_of_what_is_heard_ends_with_its_leg(world: World, facts: Facts) -> None:
    _, called = await conversation(world, facts)
    sink = world.sink()
    await world.switch.sound.fork_heard(called, sink.address)
    assert await sink.receives()
    await world.switch.hang_up(called, EndCause.NORMAL)
    assert not await sink.receives()


async def test_what_has_no_media_is_not_heard(world: World, facts: Facts) -> None:
    with pytest.raises(Unavailable):
        await world.switch.sound.fork_heard(NEVER, world.sink().address)
    leg = await arrived(world, facts)
    with pytest.raises(Unavailable):
        await world.switch.sound.fork_heard(leg, world.sink().address)
    with pytest.raises(Unavailable):
        await world.switch.sound.monitor(leg, NEVER, frozenset())


# --- monitoring ---


async def test_a_supervisor_listens_in_and_coaches(world: World, facts: Facts) -> None:
    customer, agent = await conversation(world, facts)
    supervisor = await third(world, facts)
    sink = world.sink()
    await world.switch.sound.fork_heard(agent, sink.address)
    await world.switch.sound.monitor(supervisor, agent, frozenset())
    await hear(world, {CALLER: {CALLED}, CALLED: {CALLER}, AWAY: {CALLER, CALLED}})
    await world.switch.sound.monitor(supervisor, agent, frozenset({agent}))
    await hear(world, {CALLER: {CALLED}, CALLED: {CALLER, AWAY}, AWAY: {CALLER, CALLED}})
    assert await sink.voices() == {CALLER}, "no copy holds the supervisor's voice"
    await world.switch.sound.mute(customer, True)
    await hear(world, {CALLED: {AWAY}, AWAY: {CALLED}})
    await world.switch.sound.mute(customer, False)
    await world.switch.join((customer, agent, supervisor))
    await hear(world, {CALLER: {CALLED, AWAY}, CALLED: {CALLER, AWAY}, AWAY: {CALLER, CALLED}})


async def test_a_supervisor_follows_the_agent_and_no_music(world: World, facts: Facts) -> None:
    customer, agent = await conversation(world, facts)
    supervisor = await third(world, facts)
    await world.switch.sound.monitor(supervisor, agent, frozenset({agent}))
    await world.switch.join((agent,))
    await world.switch.sound.hold_music(customer, True)
    await hear(world, {CALLER: {MUSIC}, CALLED: {AWAY}, AWAY: {CALLED}})
    await world.switch.join((customer, agent))
    await hear(world, {CALLER: {CALLED}, CALLED: {CALLER, AWAY}, AWAY: {CALLER, CALLED}})
    await world.switch.sound.unmonitor(supervisor)
    await hear(world, {CALLER: {CALLED}, CALLED: {CALLER}, AWAY: set()})


async def test_monitoring_ends_with_either_leg(world: World, facts: Facts) -> None:
    _, agent = await conversation(world, facts)
    supervisor = await third(world, facts)
    await world.switch.sound.monitor(supervisor, agent, frozenset({agent}))
    await world.switch.hang_up(supervisor, EndCause.NORMAL)
    await hear(world, {CALLER: {CALLED}, CALLED: {CALLER}})


async def test_monitoring_ends_with_the_agent(world: World, facts: Facts) -> None:
    customer, agent = await conversation(world, facts)
    supervisor = await third(world, facts)
    await world.switch.sound.monitor(supervisor, agent, frozenset({customer}))
    await world.switch.hang_up(agent, EndCause.NORMAL)
    await hear(world, {CALLER: set(), AWAY: set()})
