"""Whether packets of a leg come to Asterisk and not to the recorder: proved by what both have counted, and by nothing less."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.limits import ASTERISK_MISSED_PACKETS
from telegraphone.services.ports import MediaAddress
from telegraphone.services.switch_ports import Quiet
from telegraphone.switches.asterisk import missed_packets
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.missed_packets import MissedPackets
from telegraphone.switches.asterisk.work import Work

PLACE = MediaAddress("192.0.2.1", 4_000)
LOOK_S = 0.01
MANY = 6
"""Questions after which it would have been noticed."""


@dataclass
class Scene:
    """A leg of which the recorder has had nothing for a while, at an Asterisk that counts `each` more with every question."""

    each: int = 0
    packets: int = 100
    since: float = field(default_factory=lambda: time.monotonic() - 1)
    looked: float | None = None
    """When the recorder last looked; None: just now."""
    heard: bool = True
    """Whether packets have come to the recorder a moment ago."""
    mended: bool = True
    """Whether they come again when the tap was found dead."""
    asked: list[float] = field(default_factory=list)
    missed_since: list[float | None] = field(default_factory=list)
    dead: list[float] = field(default_factory=list)
    leg: Leg = field(default_factory=lambda: Leg(LegId("leg"), "5000", "PJSIP/5000", arrived=True))
    watch: MissedPackets = field(init=False)

    def at(self, place: MediaAddress) -> Quiet | None:
        assert place == PLACE
        return None if self.heard else Quiet(self.since, time.monotonic() if self.looked is None else self.looked)

    def missed(self, place: MediaAddress, since: float | None) -> None:
        self.missed_since.append(since)

    async def variable(self, ari_id: str, name: str) -> str:
        assert (ari_id, name) == ("PJSIP/5000", "CHANNEL(rtcp,rxcount)")
        self.asked.append(time.monotonic())
        self.packets += self.each if len(self.asked) > 1 else 0
        return str(self.packets)

    async def is_dead(self, _: Leg, known: float) -> None:
        self.dead.append(known)
        self.heard = self.mended

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(25):
            while not condition():  # noqa: ASYNC110 -- what is asked of it tells nobody
                await asyncio.sleep(LOOK_S / 2)

    async def asked_often(self) -> None:
        goal = len(self.asked) + MANY
        await self.until(lambda: len(self.asked) >= goal)


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(missed_packets, "TAP_LOOK_S", LOOK_S)
    monkeypatch.setattr(missed_packets, "_ASKED_LATER_S", LOOK_S)
    made = Scene()
    board = SimpleNamespace(work=Work("pbx"), link=made, clock=SimpleNamespace(now=time.monotonic))
    made.watch = MissedPackets(board, made, lambda: {made.leg: PLACE}, made.is_dead)  # type: ignore[arg-type]  # what it uses
    async with asyncio.TaskGroup() as group:
        board.work.attach(group)
        running = group.create_task(made.watch.run())
        yield made
        made.heard = True
        running.cancel()


async def test_what_comes_to_asterisk_alone_is_missed_since_the_newest_that_came_here(scene: Scene) -> None:
    scene.each, scene.heard = ASTERISK_MISSED_PACKETS, False
    await scene.until(lambda: bool(scene.dead))
    assert scene.missed_since == [None]
    [known] = scene.dead
    assert scene.since < known <= scene.asked[0]


async def test_who_sends_nothing_is_let_be(scene: Scene) -> None:
    scene.heard = False
    await scene.asked_often()
    scene.packets += ASTERISK_MISSED_PACKETS - 1
    await scene.asked_often()
    assert not scene.dead


async def test_of_who_was_silent_before_it_is_missed_since_then(scene: Scene) -> None:
    scene.heard = False
    await scene.asked_often()
    silent = scene.asked[-1]
    scene.each = ASTERISK_MISSED_PACKETS
    await scene.until(lambda: bool(scene.dead))
    [since] = scene.missed_since
    assert since is not None
    assert scene.asked[1] < since <= silent


async def test_while_some_come_to_the_recorder_too_nothing_is_known(scene: Scene) -> None:
    """Each after the first question, though none a moment ago."""
    scene.each = ASTERISK_MISSED_PACKETS
    scene.since, scene.heard = time.monotonic() + 3_600, False
    await scene.asked_often()
    assert not scene.dead


async def test_the_recorder_must_have_looked_since_the_last_answer(scene: Scene) -> None:
    scene.each, scene.looked, scene.heard = ASTERISK_MISSED_PACKETS, time.monotonic(), False
    await scene.until(lambda: len(scene.asked) >= 2)
    await asyncio.sleep(MANY * LOOK_S)
    assert not scene.dead
    scene.looked = None
    await scene.until(lambda: bool(scene.dead))


async def test_an_asterisk_that_lags_behind_is_not_asked(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_for: list[MediaAddress] = []

    def is_behind(place: MediaAddress) -> bool:
        looked_for.append(place)
        return True

    monkeypatch.setattr(missed_packets, "is_behind", is_behind)
    scene.each, scene.heard = ASTERISK_MISSED_PACKETS, False
    await scene.until(lambda: len(looked_for) >= MANY)
    assert not scene.asked


async def test_it_is_told_once_for_each_time_that_it_dies(scene: Scene) -> None:
    """However often it is found so before something comes again."""
    scene.each, scene.mended = ASTERISK_MISSED_PACKETS, False
    for times in (1, 2):
        scene.dead.clear()
        scene.heard = False
        await scene.until(lambda: len(scene.dead) > 2)
        assert len(scene.missed_since) == times
        scene.heard = True
        await scene.until(lambda: not scene.watch._told)


async def test_what_a_party_sent_from_elsewhere_before_it_was_found_there_is_missed(scene: Scene) -> None:
    """If it sent anything: one that was silent up to a moment ago has not."""
    scene.heard = False
    await scene.asked_often()
    await scene.watch.moved(scene.leg, PLACE)
    assert not scene.missed_since
    scene.packets += 1
    await scene.watch.moved(scene.leg, PLACE)
    assert len(scene.missed_since) == 1
    assert scene.missed_since[0] is not None


async def test_who_sent_a_moment_ago_is_missed_since_then(scene: Scene) -> None:
    await scene.watch.moved(scene.leg, PLACE)
    assert scene.missed_since == [None]
    assert not scene.asked
