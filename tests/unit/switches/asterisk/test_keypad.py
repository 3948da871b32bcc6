"""Keys on their way to a party: one request each, in order, no more than there is room for, and none after the leg's end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from telegraphone.domain.ids import LegId
from telegraphone.limits import ASTERISK_KEYS_MAX
from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk import keypad
from telegraphone.switches.asterisk.keypad import Keypad
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.link import AriRefused
from telegraphone.switches.asterisk.work import Work
from telegraphone.wire.ari.requests import AriRequest

PATIENCE_S = 25.0


@dataclass
class Scene:
    """One leg, at an Asterisk that may not answer, and takes as many keys as it is given `turns` for; `pressed` are those."""

    answers: bool = True
    refuses: int = 0
    """The status with which it refuses every key, if it does."""
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    leg: Leg = field(default_factory=lambda: Leg(LegId("leg"), "5000", "channel", arrived=True))
    pressed: list[str] = field(default_factory=list)
    work: Work = field(default_factory=lambda: Work("here"))
    legs: dict[LegId, Leg] = field(init=False)
    keys: Keypad = field(init=False)

    def let(self, turns: int = ASTERISK_KEYS_MAX * 2) -> None:
        """Has Asterisk answer so many requests more."""
        for _ in range(turns):
            self.turns.release()

    async def ask(self, request: AriRequest) -> object:
        await self.turns.acquire()
        if not self.answers:
            raise Unavailable("switch", "no answer")
        if self.refuses:
            raise AriRefused(request, self.refuses)
        self.pressed.append(request.query["dtmf"])
        return None


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(keypad, "ASTERISK_KEY_S", 0)
    made = Scene()
    made.legs = {made.leg.id: made.leg}
    made.keys = Keypad(SimpleNamespace(name="pbx", work=made.work, link=made, legs=made.legs))  # type: ignore[arg-type]  # what it uses
    async with asyncio.TaskGroup() as group:
        made.work.attach(group)
        yield made
        made.let()  # what a test that failed has left


async def test_each_key_is_asked_for_by_itself_and_in_order(scene: Scene) -> None:
    scene.let(1)
    await scene.keys.play(scene.leg, "12")
    assert scene.pressed == ["1"]
    await scene.keys.play(scene.leg, "3#")
    assert scene.pressed == ["1"]
    scene.let()
    await scene.work.done()
    assert scene.pressed == ["1", "2", "3", "#"]
    await scene.keys.play(scene.leg, "4")
    assert scene.pressed[-1] == "4"


async def test_no_more_wait_than_there_is_room_for(scene: Scene) -> None:
    scene.let(1)
    await scene.keys.play(scene.leg, "1" * (ASTERISK_KEYS_MAX + 1))
    with pytest.raises(Unavailable):
        await scene.keys.play(scene.leg, "2")
    scene.let()
    await scene.work.done()
    assert scene.pressed == ["1"] * (ASTERISK_KEYS_MAX + 1)


async def test_nothing_is_played_to_who_has_left(scene: Scene) -> None:
    scene.let(1)
    await scene.keys.play(scene.leg, "123")
    scene.legs.clear()
    scene.let()
    await scene.work.done()
    assert "3" not in scene.pressed


async def test_of_keys_that_cannot_be_played_none_is_played_later(scene: Scene) -> None:
    scene.let()
    scene.answers = False
    assert not await outcome(scene, "12")
    scene.answers = True
    await scene.work.done()
    await scene.keys.play(scene.leg, "3")
    assert scene.pressed == ["3"]


@pytest.mark.parametrize("answers", [True, False])
async def test_what_is_asked_for_while_the_first_key_is_on_its_way_shares_its_fate(scene: Scene, answers: bool) -> None:
    """Nobody is told that keys are played before Asterisk has taken one."""
    scene.answers = answers
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(outcome(scene, keys)) for keys in ("12", "3#")]
        for _ in range(10):
            await asyncio.sleep(0)
        assert not any(each.done() for each in asked)
        scene.let()
    assert [each.result() for each in asked] == [answers, answers]
    await scene.work.done()
    assert scene.pressed == (["1", "2", "3", "#"] if answers else [])


async def outcome(scene: Scene, keys: str) -> bool:
    """Whether who asks for these is told that they are played; nobody is left without an answer."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await scene.keys.play(scene.leg, keys)
    except Unavailable:
        return False
    return True


async def test_behind_a_key_that_was_not_taken_none_follows_and_the_log_says_how_many(scene: Scene) -> None:
    """And not which."""
    scene.let(1)
    await scene.keys.play(scene.leg, "17")
    await scene.keys.play(scene.leg, "89")
    scene.answers = False
    with capture_logs() as logs:
        scene.let()
        await scene.work.done()
    scene.answers = True
    assert scene.pressed == ["1"]
    told = [each for each in logs if each["log_level"] == "error"]
    assert told == [{"event": "keys_not_played", "asterisk": "pbx", "left": 3, "log_level": "error"}]
    await scene.keys.play(scene.leg, "4")
    assert scene.pressed == ["1", "4"]


@pytest.mark.parametrize(("status", "played"), [(404, True), (409, False), (412, False), (500, False)])
async def test_a_key_that_is_refused_is_not_played_unless_nobody_is_there_to_hear_it(
    scene: Scene, status: int, played: bool
) -> None:
    """Who asks for keys to be played to a party that has just left has done nothing wrong."""
    scene.let()
    scene.refuses = status
    assert await outcome(scene, "12") is played
    await scene.work.done()
    assert scene.pressed == []


async def test_when_the_switch_ends_nobody_waits_for_keys(scene: Scene) -> None:
    async with asyncio.TaskGroup() as ended:
        scene.work.attach(ended)
    assert not await outcome(scene, "1")
    assert scene.pressed == []
