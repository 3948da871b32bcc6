"""Who hears whom and what, at an Asterisk that does not answer: what was asked for is so after the next look, heeded or not."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import product

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.devices import Devices
from telegraphone.switches.asterisk.leg import Leg, Stage
from telegraphone.switches.asterisk.link import AriLink, AriRefused
from telegraphone.switches.asterisk.sound import AsteriskSound
from telegraphone.switches.asterisk.wiring import Wiring
from telegraphone.wire.ari.requests import AriRequest

Fault = tuple[int, bool]
"""After how many answers Asterisk gives none, and whether it heeds what it is asked all the same."""
ON = {"POST": set.add, "DELETE": set.discard}


class Pbx(AriLink):
    """Asterisk's channels and bridges, and no HTTP. It answers `answers` requests more, and may heed the others all the same;
    or it refuses to play music and to mute, or fails with all that is about some channels."""

    def __init__(self) -> None:
        self.answers = math.inf
        self.heeds = True
        self.refuses = False
        self.broken: set[str] = set()
        self.escaped: set[str] = set()
        """Channels that somebody else has taken out of the application: no bridge gets them."""
        self.asked = 0
        self.bridges: dict[str, set[str]] = {}
        self.sound: dict[str, set[str]] = {}
        """By channel, what it is played and how it is muted."""

    async def ask(self, request: AriRequest) -> object:
        self.asked += 1
        self.answers -= 1
        kind, item, *rest = request.path.strip("/").split("/")
        if self.refuses and rest in (["moh"], ["mute"]):
            raise AriRefused(request, 409)
        if item in self.broken:
            raise AriRefused(request, 500)
        if not self.escaped.isdisjoint(request.query.get("channel", "").split(",")):
            raise AriRefused(request, 409)
        heeds = self.heeds or self.answers >= 0
        if heeds and kind == "bridges":
            self._bridge(request, item, *rest)
        elif heeds and rest:
            what = request.query.get("direction", "") + rest[0]
            ON[request.method](self.sound.setdefault(item, set()), what)
        if self.answers < 0:
            raise Unavailable("switch", "no answer") from TimeoutError()
        return None

    def _bridge(self, request: AriRequest, bridge: str, what: str = "") -> None:
        channels = set(request.query.get("channel", "").split(","))
        if what == "addChannel":
            for members in self.bridges.values():
                members.difference_update(channels)
            self.bridges[bridge] |= channels
        elif what == "removeChannel":
            self.bridges[bridge] -= channels
        elif request.method == "POST":
            self.bridges[bridge] = set()
        else:
            self.bridges.pop(bridge, None)


@dataclass
class Scene:
    """Two legs that are answered, and a third."""

    pbx: Pbx = field(default_factory=Pbx)
    board: Board = field(init=False)
    wiring: Wiring = field(init=False)
    legs: list[Leg] = field(init=False)

    def __post_init__(self) -> None:
        self.board = Board(name="pbx", app="app", link=self.pbx, devices=Devices({}), clock=SystemClock())
        self.wiring = Wiring(self.board)
        self.legs = [Leg(LegId(each), each, f"c{each}", arrived=True, stage=Stage.ANSWERED) for each in "123"]
        for leg in self.legs:
            self.board.add(leg)

    async def join(self, *legs: Leg) -> None:
        async with self.wiring.lock:
            await self.wiring.join(leg.id for leg in legs)

    async def music(self, leg: Leg, *, on: bool = True) -> None:
        await self.wiring.set_background(leg, music=on)

    async def look(self) -> None:
        """As every few seconds."""
        async with self.wiring.lock:
            present = {name: frozenset(members) for name, members in self.pbx.bridges.items()}
            await self.wiring.mend({name: present[name] for name in self.board.janitor.owned if name in present})
        await self.board.work.done()
        await self.board.janitor.clear()

    def heard(self, leg: Leg) -> set[str]:
        """Whom and what the leg's party hears."""
        others = [members for members in self.pbx.bridges.values() if leg.ari_id in members]
        return self.pbx.sound.get(leg.ari_id, set()) | set().union(*others) - {leg.ari_id}

    async def rests(self) -> bool:
        """Whether another look asks for nothing."""
        before = self.pbx.asked
        await self.look()
        return self.pbx.asked == before

    @contextmanager
    def fault(self, fault: Fault) -> Iterator[None]:
        """Meanwhile, Asterisk stops answering."""
        self.pbx.answers, self.pbx.heeds = fault
        with suppress(Unavailable):
            yield
            assert self.pbx.answers >= 0, "who asks is told that what came of it is not known"
        self.pbx.answers, self.pbx.heeds = math.inf, True


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    made = Scene()
    async with asyncio.TaskGroup() as group:
        made.board.work.attach(group)
        yield made


some_faults = pytest.mark.parametrize("fault", list(product(range(4), (False, True))), ids=str)


@some_faults
async def test_music_that_was_asked_for_begins(scene: Scene, fault: Fault) -> None:
    one, *_ = scene.legs
    with scene.fault(fault):
        await scene.music(one)
    await scene.look()
    assert scene.heard(one) == {"moh"}
    assert await scene.rests()


@some_faults
async def test_music_that_was_to_end_ends(scene: Scene, fault: Fault) -> None:
    one, *_ = scene.legs
    await scene.music(one)
    with scene.fault(fault):
        await scene.music(one, on=False)
    await scene.look()
    assert scene.heard(one) == set()
    assert await scene.rests()


@some_faults
async def test_who_could_not_be_joined_hears_music_or_is_joined(scene: Scene, fault: Fault) -> None:
    one, two, _ = scene.legs
    await scene.music(one)
    with scene.fault(fault):
        await scene.join(one, two)
    await scene.look()
    assert [scene.heard(each) for each in (one, two)] in ([{"moh"}, set()], [{two.ari_id}, {one.ari_id}])
    assert await scene.rests()
    await scene.join(one, two)
    assert [scene.heard(each) for each in (one, two)] == [{two.ari_id}, {one.ari_id}]
    assert await scene.rests()


@some_faults
async def test_who_is_taken_out_hears_nobody_of_those_behind(scene: Scene, fault: Fault) -> None:
    """A party on hold that still heard what is said, and was heard, would be the worst of it."""
    one, two, three = scene.legs
    await scene.music(one)
    for rest in ([two], [two, three]):
        await scene.join(one, *rest)
        with scene.fault(fault):
            await scene.join(one)
        await scene.look()
        assert scene.heard(one) == {"moh"}
        assert all(scene.heard(each) == {other.ari_id for other in rest if other is not each} for each in rest)
        assert await scene.rests()
    assert len(scene.pbx.bridges) == 1, "of the first, nothing is left"


@some_faults
async def test_who_is_left_behind_by_a_move_hears_music(scene: Scene, fault: Fault) -> None:
    one, two, three = scene.legs
    await scene.music(one)
    await scene.join(one, two)
    with scene.fault(fault):
        await scene.join(two, three)
    await scene.look()
    assert [scene.heard(each) for each in scene.legs] == [{"moh"}, {three.ari_id}, {two.ari_id}]
    assert await scene.rests()


@some_faults
async def test_hold_at_a_phone_and_mute_are_kept(scene: Scene, fault: Fault) -> None:
    one, *_ = scene.legs
    sound = AsteriskSound(scene.board, scene.wiring, None, None, None)  # type: ignore[arg-type]  # what mute uses
    for on in (True, False):
        one.held = on
        with scene.fault(fault):
            await scene.wiring.follow_hold(one)
        with scene.fault(fault):
            await sound.mute(one.id, on)
        await scene.look()
        assert scene.heard(one) == ({"inmute", "outmute"} if on else set())
        assert await scene.rests()


async def test_music_that_is_refused_is_asked_for_again(scene: Scene) -> None:
    one, *_ = scene.legs
    scene.pbx.refuses = True
    await scene.music(one)
    scene.pbx.refuses = False
    await scene.look()
    assert scene.heard(one) == {"moh"}


async def test_a_mute_that_is_refused_is_told_and_asked_for_again(scene: Scene) -> None:
    one, *_ = scene.legs
    sound = AsteriskSound(scene.board, scene.wiring, None, None, None)  # type: ignore[arg-type]  # what mute uses
    scene.pbx.refuses = True
    with pytest.raises(Unavailable):
        await sound.mute(one.id, True)
    scene.pbx.refuses = False
    await scene.look()
    assert scene.heard(one) == {"inmute"}
    assert await scene.rests()


async def test_one_leg_with_which_all_fails_keeps_no_other_from_what_it_lost(scene: Scene) -> None:
    one, two, _ = scene.legs
    one.muted = two.muted = True
    scene.pbx.broken = {one.ari_id}
    await scene.look()
    assert [scene.heard(each) for each in (one, two)] == [set(), {"inmute"}]
    scene.pbx.broken = set()
    await scene.look()
    assert [scene.heard(each) for each in (one, two)] == [{"inmute"}, {"inmute"}]


async def test_music_for_which_nobody_waits_any_more_is_played_all_the_same(scene: Scene) -> None:
    """Who asks gives up after some seconds, and may still have waited for others who ask."""
    one, *_ = scene.legs
    async with scene.wiring.lock:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(scene.music(one), 0.05)
    await scene.look()
    assert scene.heard(one) == {"moh"}


@some_faults
async def test_a_bridge_that_is_gone_is_made_anew_as_soon_as_it_can_be(scene: Scene, fault: Fault) -> None:
    one, two, _ = scene.legs
    await scene.join(one, two)
    scene.pbx.bridges.clear()
    with scene.fault(fault):
        await scene.look()
    await scene.look()
    assert [scene.heard(each) for each in (one, two)] == [{two.ari_id}, {one.ari_id}]
    assert await scene.rests()


async def test_a_leg_that_cannot_be_joined_keeps_no_other_from_what_it_lost(scene: Scene) -> None:
    """Nor does it let a look fail, of which so many in a row would mean that Asterisk is gone with all its calls."""
    one, two, three = scene.legs
    four = Leg(LegId("4"), "4", "c4", arrived=True, stage=Stage.ANSWERED)
    scene.board.add(four)
    await scene.join(one, two)
    await scene.join(three, four)
    scene.pbx.escaped = {one.ari_id}
    for members in scene.pbx.bridges.values():
        members.clear()
    await scene.look()
    assert [scene.heard(each) for each in (three, four)] == [{four.ari_id}, {three.ari_id}]
    scene.pbx.escaped = set()
    await scene.look()
    assert [scene.heard(each) for each in (one, two)] == [{two.ari_id}, {one.ari_id}]
    scene.pbx.escaped = {one.ari_id}
    with pytest.raises(Unavailable):
        await scene.join(three, one)
