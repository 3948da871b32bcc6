"""Codes among the keys that people press in a call, on a board that no Asterisk is behind."""

from telegraphone.domain.ids import LegId
from telegraphone.domain.phone_requests import RecordingAsked
from telegraphone.domain.recording import Trigger
from telegraphone.limits import FEATURE_CODE_KEY_S, SWITCH_EVENTS_MAX
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.devices import Devices
from telegraphone.switches.asterisk.feature_codes import FeatureCodes
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.link import AriLink
from tests.scenario.clock import VirtualClock

CODES = {"A": Trigger.START, "B": Trigger.STOP, "*1": Trigger.PAUSE, "*2": Trigger.RESUME}


class Stage:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        link = AriLink(url="http://192.0.2.1:8088", user="u", password="p", apps=("app",))
        self.board = Board(name="here", app="app", link=link, devices=Devices({}), clock=self.clock)
        self.codes = FeatureCodes(self.board, CODES)
        self._at = 0

    def leg(self, name: str, *, phone: bool = True) -> Leg:
        return Leg(LegId(name), "5001", f"channel of {name}", arrived=True, phone=phone)

    def press(self, leg: Leg, typed: str) -> list[Trigger]:
        for key in typed:
            self._at += 1
            self.codes.pressed(leg, key, str(self._at))
        asked = []
        while not self.board.queue.empty():
            event = self.board.queue.get_nowait()
            assert isinstance(event, RecordingAsked)
            assert (event.leg, event.request) == (leg.id, ""), "who presses keys waits for nothing"
            asked.append(event.trigger)
        return asked


async def test_codes_are_known_wherever_they_stand() -> None:
    stage = Stage()
    leg = stage.leg("one")
    assert stage.press(leg, "12A3*1**2*B") == [Trigger.START, Trigger.PAUSE, Trigger.RESUME, Trigger.STOP]
    assert stage.press(leg, "1*") == []
    assert stage.press(leg, "1") == [Trigger.PAUSE]
    assert leg.pressed == "", "keys may be card data"


async def test_a_code_is_of_one_leg_and_soon_complete() -> None:
    stage = Stage()
    one, two = stage.leg("one"), stage.leg("two")
    assert stage.press(one, "*") == []
    assert stage.press(two, "1") == []
    await stage.clock.advance(FEATURE_CODE_KEY_S + 0.1)
    assert stage.press(one, "1") == []
    assert stage.press(one, "*1") == [Trigger.PAUSE]


async def test_a_key_that_is_told_twice_is_one() -> None:
    stage = Stage()
    leg = stage.leg("one")
    for key, at in (("*", "t1"), ("*", "t1"), ("1", "t2"), ("1", "t2")):
        stage.codes.pressed(leg, key, at)
    assert stage.press(leg, "") == [Trigger.PAUSE]


async def test_only_phones_of_ours_have_codes() -> None:
    stage = Stage()
    assert stage.press(stage.leg("customer", phone=False), "A") == []


async def test_a_wish_is_lost_rather_than_a_fact() -> None:
    stage = Stage()
    for _ in range(SWITCH_EVENTS_MAX // 2 + 1):
        stage.board.queue.put_nowait(None)
    before = stage.board.queue.qsize()
    stage.codes.pressed(stage.leg("one"), "A", "t")
    assert stage.board.queue.qsize() == before
