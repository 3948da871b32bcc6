"""Sending recordings away: nothing is removed here before it is proved to be there, whatever breaks off in between."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from telegraphone.database.memory import MemoryCatalogue
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.media import layout
from telegraphone.media.manifest import Manifest, load_manifest
from telegraphone.media.ports import FileFacts, SealedSource
from telegraphone.media.verify import verify
from telegraphone.services.arrivals import Arrivals
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.happenings import Happening, Kind
from telegraphone.storage.memory import MemoryStore
from telegraphone.storage.shipping import Shipping
from telegraphone.storage.turns import Turns
from tests.scenario.clock import VirtualClock
from tests.unit.media.recording_maker import OTHER_RECORDING, RECORDING, Maker, at, conversation, speech, started


class Away(MemoryStore):
    """A place that does what a test wants of it, at the n-th sending."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.trouble: Callable[[str], None] = lambda path: None

    def keep(self, path: str, content: SealedSource, facts: FileFacts) -> None:
        self.sent.append(path)
        self.trouble(path)
        super().keep(path, content, facts)


class World:
    """A home with two finished recordings, a place, and time."""

    def __init__(self, keep: timedelta = timedelta(0)) -> None:
        self.home, self.away = MemoryStore(), Away()
        self.one = Maker(self.home)
        self.two = Maker(self.home, self.one.keys, OTHER_RECORDING)
        for maker in (self.one, self.two):
            conversation(maker)
            maker.finished()
        self.now: datetime = at(160_000)
        self.listed = True
        self.told: list[str] = []
        self.files = {path: bytes(content) for path, content in self.home.files.items()}
        self.keep = keep
        self.shipping = self.started()

    def started(self) -> Shipping:
        trusted = self.one.trusted
        return Shipping(self.home, self.away, trusted, turns=Turns(), arrived=self.arrived, utc=lambda: self.now, keep=self.keep)

    async def arrived(self, manifest: Manifest) -> bool:
        """Nobody is told of a recording before all of it is there."""
        its_own = {path: content for path, content in self.files.items() if f"/{manifest.recording}/" in path}
        assert its_own.items() <= self.away.files.items()
        if self.listed:
            self.told.append(manifest.recording)
        return self.listed

    async def round(self, after_s: float = 0.0) -> None:
        self.now += timedelta(seconds=after_s)
        await self.shipping.round()

    def everything_is_somewhere(self) -> bool:
        """Whether no byte was lost: each file is here, or there as it was."""
        return all(path in self.home.files or self.away.files.get(path) == content for path, content in self.files.items())


async def test_what_was_sent_is_proved_there_and_removed_here() -> None:
    world = World()
    await world.round()
    assert world.home.files == {}
    assert {path: bytes(content) for path, content in world.away.files.items()} == world.files
    assert verify(world.away, world.one.sealed, world.one.trusted, keys=world.one.keys, recording=RECORDING).intact
    assert world.shipping.well


async def test_nothing_is_removed_before_its_end_is_listed() -> None:
    world = World()
    world.listed = False
    await world.round()
    assert len(world.home.files) == len(world.away.files) == len(world.files)
    assert world.told == []
    world.listed = True
    await world.round()
    assert world.home.files == {}
    assert len(world.away.sent) == len(world.files)
    assert sorted(world.told) == [RECORDING, OTHER_RECORDING]


async def test_what_shall_be_played_quickly_stays_for_its_time() -> None:
    world = World(keep=timedelta(hours=1))
    for _ in range(3):
        await world.round()
    assert len(world.home.files) == len(world.away.files)
    assert sorted(world.told) == [RECORDING, OTHER_RECORDING], "and is stored at once"
    await world.round(after_s=3_600)
    assert world.home.files == {}
    assert len(world.told) == 2


async def test_half_an_upload_is_begun_again_and_loses_nothing() -> None:
    """F11: whatever file the place breaks off at."""
    for broken in range(10):
        world = World()
        count = 0

        def break_off(path: str, broken: int = broken, world: World = world) -> None:
            nonlocal count
            count += 1
            if count == broken + 1:
                world.away.makedir(path.rpartition("/")[0])
                world.away.files[path] = bytearray(b"half")
                raise OSError("connection reset")

        world.away.trouble = break_off
        await world.round()
        assert not world.shipping.well
        assert world.shipping.waiting == 1
        assert world.everything_is_somewhere()
        if broken % 2:
            world.shipping = world.started()
        await world.round(after_s=5)
        assert world.home.files == {}
        assert world.everything_is_somewhere()
        assert (world.shipping.well, world.shipping.waiting) == (True, 0)


async def test_a_place_that_says_it_has_what_it_has_not_is_not_believed() -> None:
    world = World()

    class Liar(Away):
        def keep(self, path: str, content: SealedSource, facts: FileFacts) -> None:
            super().keep(path, content, facts)
            self.files[path][-1:] = b""

    world.away = Liar()
    world.shipping = world.started()
    await world.round()
    assert {path: bytes(content) for path, content in world.home.files.items()} == world.files
    assert (world.shipping.waiting, world.told) == (2, [])


async def test_hours_of_outage_are_survived_and_caught_up_with() -> None:
    world = World()
    world.away.trouble = _away
    for _ in range(40):
        await world.round(after_s=1)
    assert len(world.away.sent) == 2 * 4, "a store that is away is not hammered: each is tried after 5, 10 and 20 s again"
    for _ in range(40):
        await world.round(after_s=300)
    assert {path: bytes(content) for path, content in world.home.files.items()} == world.files
    assert len(world.away.sent) == 2 * 44, "and every five minutes in the end"
    assert world.told == []
    world.away.trouble = lambda path: None
    await world.round(after_s=300)
    assert world.home.files == {}
    assert world.everything_is_somewhere()


async def test_what_arrives_after_an_outage_and_restarts_is_told_as_stored_once() -> None:
    world, catalogue, clock, looked = World(keep=timedelta(hours=1)), MemoryCatalogue(sent_on=True), VirtualClock(), []
    arrivals = Arrivals(catalogue, catalogue.outbox, clock, lambda: looked.append(True))

    async def stored() -> list[Happening]:
        told = await catalogue.outbox.after(0, world.one.tenant, 10)
        return [each.happening for each in told if each.happening.kind is Kind.STORED]

    async def round_of_a_new_node() -> None:
        shipping = Shipping(
            world.home,
            world.away,
            world.one.trusted,
            turns=Turns(),
            arrived=lambda each: arrivals.arrived(each.tenant, CallUuid(each.call), RecordingId(each.recording)),
            utc=lambda: world.now,
            keep=world.keep,
        )
        await shipping.round()

    manifest = load_manifest(world.home, world.one.sealed, world.one.trusted)
    whose = (RecordingId(RECORDING), CallUuid(manifest.call), "c", "n", "5000", "5001", "5001", "agent.one", clock.utc())
    running = PartRecord(*whose, tenant=manifest.tenant)
    await catalogue.put(running)
    await round_of_a_new_node()
    assert (await stored(), looked) == ([], []), "its end is not listed yet"
    world.away.files.clear()
    world.away.trouble = _away
    await catalogue.put(replace(running, stopped_at=clock.utc(), status="sealed", duration_ms=20_000, bytes_stored=4_711))
    await round_of_a_new_node()
    assert await stored() == []
    world.away.trouble = lambda path: None
    await clock.advance(3_600)
    for _ in range(2):
        await round_of_a_new_node()
    [told] = await stored()
    assert (told.recording_id, told.at, told.detail["bytes"]) == (RECORDING, clock.utc(), 4_711)
    assert looked


def _away(_: str) -> None:
    raise OSError("no route to host")


async def test_one_bad_recording_keeps_no_other_waiting() -> None:
    world = World()
    world.home.files[f"{world.one.sealed}/s1-e0.tgs"][-1] ^= 1
    await world.round()
    assert {path.split("/")[3] for path in world.home.files} == {RECORDING}
    assert f"{world.one.sealed}/s1-e0.tgs" not in world.away.files
    assert len([path for path in world.away.files if OTHER_RECORDING in path]) == 5


async def test_a_changed_manifest_is_not_sent() -> None:
    world = World()
    world.home.files[f"{world.one.sealed}/{layout.MANIFEST}"][50] ^= 1
    await world.round()
    assert not [path for path in world.away.files if RECORDING in path]
    assert world.shipping.waiting == 1


async def test_complete_files_of_a_running_recording_are_sent_early() -> None:
    home, away = MemoryStore(), Away()
    maker = Maker(home)
    for epoch in range(3):
        maker.audio(speech(0, 1_000, epoch * 1_000), stream=0, epoch=epoch, first_frame=epoch * 1_000)
    maker.audio(speech(1, 3_000), stream=1)
    maker.journal([started()])

    async def arrived(_: Manifest) -> bool:
        return True

    shipping = Shipping(home, away, maker.trusted, turns=Turns(), arrived=arrived, utc=lambda: at(10**9))
    for _ in range(2):
        await shipping.round()
    assert away.sent == [f"{maker.sealed}/s0-e0.tgs", f"{maker.sealed}/s0-e1.tgs"]
    assert len(home.files) == 5
    maker.finished()
    await shipping.round()
    assert home.files == {}
    assert sorted(away.sent) == sorted(away.files)
    assert verify(away, maker.sealed, maker.trusted, keys=maker.keys).intact


async def test_what_is_being_erased_is_not_sent_meanwhile() -> None:
    world = World()
    turns, trusted = Turns(), world.one.trusted
    shipping = Shipping(world.home, world.away, trusted, turns=turns, arrived=world.arrived, utc=lambda: world.now)
    loop, other_sent = asyncio.get_running_loop(), asyncio.Event()

    def sent(path: str) -> None:
        if path.endswith(f"{OTHER_RECORDING}/manifest.json"):
            loop.call_soon_threadsafe(other_sent.set)

    world.away.trouble = sent
    async with turns.of(RECORDING):
        task = asyncio.ensure_future(shipping.round())
        await other_sent.wait()
        for path in [path for path in world.home.files if RECORDING in path]:
            world.home.unlink(path)
    await task
    assert not [path for path in world.away.sent if RECORDING in path]


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig"])
async def test_what_remains_of_an_interrupted_erasure_is_left_alone(name: str) -> None:
    world = World()
    for path in [path for path in world.home.files if RECORDING in path and not path.endswith(name)]:
        world.home.unlink(path)
    await world.round()
    assert not [path for path in world.away.files if RECORDING in path]
    assert world.shipping.waiting == 0
