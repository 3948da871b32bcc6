"""Keys on their way to a party: one request each, in order, no more than there is room for, and none after the leg's end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.limits import ASTERISK_KEYS_MAX
from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk import keypad
from telegraphone.switches.asterisk.keypad import Keypad
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.work import Work
from telegraphone.wire.ari.requests import AriRequest


@dataclass
class Scene:
    """One leg, at an Asterisk that may not answer; `pressed` are the keys it was asked for."""

    answers: bool = True
    leg: Leg = field(default_factory=lambda: Leg(LegId("leg"), "5000", "channel", arrived=True))
    pressed: list[str] = field(default_factory=list)
    work: Work = field(default_factory=lambda: Work("here"))
    legs: dict[LegId, Leg] = field(init=False)
    keys: Keypad = field(init=False)

    async def do(self, request: AriRequest) -> bool:
        if not self.answers:
            raise Unavailable("switch", "no answer")
        self.pressed.append(request.query["dtmf"])
        return True


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(keypad, "ASTERISK_KEY_S", 0)
    made = Scene()
    made.legs = {made.leg.id: made.leg}
    made.keys = Keypad(SimpleNamespace(work=made.work, link=made, legs=made.legs))  # type: ignore[arg-type]  # what it uses
    async with asyncio.TaskGroup() as group:
        made.work.attach(group)
        yield made


async def test_each_key_is_asked_for_by_itself_and_in_order(scene: Scene) -> None:
    await scene.keys.play(scene.leg, "12")
    assert scene.pressed == ["1"]
    await scene.keys.play(scene.leg, "3#")
    await scene.work.done()
    assert scene.pressed == ["1", "2", "3", "#"]
    await scene.keys.play(scene.leg, "4")
    assert scene.pressed[-1] == "4"


async def test_no_more_wait_than_there_is_room_for(scene: Scene) -> None:
    await scene.keys.play(scene.leg, "1" * (ASTERISK_KEYS_MAX + 1))
    with pytest.raises(Unavailable):
        await scene.keys.play(scene.leg, "2")
    await scene.work.done()
    assert scene.pressed == ["1"] * (ASTERISK_KEYS_MAX + 1)


async def test_nothing_is_played_to_who_has_left(scene: Scene) -> None:
    await scene.keys.play(scene.leg, "12")
    scene.legs.clear()
    await scene.work.done()
    assert scene.pressed == ["1"]


async def test_of_keys_that_cannot_be_played_none_is_played_later(scene: Scene) -> None:
    scene.answers = False
    with pytest.raises(Unavailable):
        await scene.keys.play(scene.leg, "12")
    scene.answers = True
    await scene.work.done()
    await scene.keys.play(scene.leg, "3")
    assert scene.pressed == ["3"]
