"""The taps that Asterisk has no part in: whom they are aimed at, and what is said to be missing before they are aimed anew."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from telegraphone.domain.ids import LegId
from telegraphone.services.ports import MediaAddress, MediaSource, TapMoved, Unavailable
from telegraphone.services.switch_ports import Quiet
from telegraphone.switches.asterisk import packet_taps
from telegraphone.switches.asterisk.leg import Leg, Stage
from telegraphone.switches.asterisk.packet_taps import PacketTaps
from telegraphone.switches.asterisk.work import Work

TO, HERE, THERE = (MediaAddress("192.0.2.9", port) for port in (4_000, 5_000, 6_000))
COPY = MediaSource("192.0.2.9", 7_000, {0: "PCMU"}, steady=True)
LOOK_S = 0.01


@dataclass
class Scene:
    """One leg of an Asterisk on this machine, whose party sends from somewhere; `happened` in order."""

    says: dict[str, str]
    leg: Leg = field(default_factory=lambda: Leg(LegId("leg"), "5000", "PJSIP/5000", arrived=True, stage=Stage.ANSWERED))
    happened: list[object] = field(default_factory=list)
    frozen: bool = False
    """Whether Asterisk answers nothing; it comes to with the next question."""
    taps: PacketTaps = field(init=False)

    def party(self, sends_from: MediaAddress) -> None:
        self.says["CHANNEL(rtp,dest)"] = f"{sends_from.host}:{sends_from.port}"

    async def variable(self, _: str, name: str) -> str:
        if self.frozen:
            self.frozen = False
            raise Unavailable("switch", "no answer")
        return self.says[name]

    async def fork(self, leg: Leg, to: MediaAddress) -> MediaSource:
        self.happened.append("copied")
        return COPY

    def at(self, place: MediaAddress) -> Quiet | None:
        return None

    def missed(self, place: MediaAddress, since: float | None) -> None:
        self.happened.append("missed")

    def tell(self, moved: TapMoved) -> None:
        self.happened.append((moved.source.host, moved.source.port))

    async def until_happened(self, *expected: object) -> None:
        async with asyncio.timeout(25):
            while len(self.happened) < len(expected):  # noqa: ASYNC110 -- what happens here tells nobody
                await asyncio.sleep(LOOK_S)
        assert self.happened == list(expected)


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(packet_taps, "ASTERISK_PARTY_SETTLED_S", LOOK_S)
    monkeypatch.setattr(packet_taps, "ASTERISK_PARTY_LOOK_S", LOOK_S)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        says = {
            "CHANNEL(rtp,src)": f"127.0.0.1:{port.getsockname()[1]}",
            "CHANNEL(rtp,secure)": "0",
            "CHANNEL(audionativeformat)": "(ulaw|alaw)",
            "CHANNEL(endpoint)": "5000",
            "PJSIP_ENDPOINT(5000,direct_media)": "false",
        }
        made = Scene(says)
        made.party(HERE)
        board = SimpleNamespace(
            name="pbx",
            near=True,
            work=Work("pbx"),
            link=made,
            clock=SimpleNamespace(now=time.monotonic),
            legs={made.leg.id: made.leg},
            tell=made.tell,
        )
        made.taps = PacketTaps(board, made, made, surely_here=False)  # type: ignore[arg-type]  # what they use
        async with asyncio.TaskGroup() as group:
            board.work.attach(group)
            yield made
            made.taps.unfork(made.leg)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CHANNEL(rtp,secure)", "1"),
        ("CHANNEL(audionativeformat)", "(opus)"),
        ("CHANNEL(audionativeformat)", "(ulaw|opus)"),
        ("CHANNEL(rtp,src)", "[2001:db8::1]:4000"),
        ("CHANNEL(rtp,src)", "192.0.2.1:4000"),
        ("PJSIP_ENDPOINT(5000,direct_media)", "true"),
        ("PJSIP_ENDPOINT(5000,direct_media)", ""),
    ],
)
async def test_a_leg_whose_packets_cannot_surely_be_taken_is_not_tapped_so(scene: Scene, name: str, said: str) -> None:
    assert await scene.taps.fork(scene.leg, TO) is not None
    scene.says[name] = said
    assert await scene.taps.fork(scene.leg, TO) is None


async def test_a_party_that_was_found_elsewhere_is_said_to_be_missed_before_it_is_aimed_at(scene: Scene) -> None:
    """That it is known at all, once its address has settled, is no move."""
    assert (await scene.taps.fork(scene.leg, TO)).host == "0.0.0.0"  # type: ignore[union-attr]  # it is tapped
    at_first = (HERE.host, HERE.port)
    await scene.until_happened(at_first)
    scene.party(THERE)
    await scene.until_happened(at_first, "missed", (THERE.host, THERE.port))


async def test_an_asterisk_that_stood_still_is_asked_again_who_sends(scene: Scene) -> None:
    await scene.taps.fork(scene.leg, TO)
    scene.frozen = True
    at_first = (HERE.host, HERE.port)
    await scene.until_happened(at_first)
    assert not scene.frozen
    scene.frozen = True
    scene.party(THERE)
    await scene.until_happened(at_first, "missed", (THERE.host, THERE.port))


async def test_a_dead_tap_is_copied_unless_it_was_aimed_since_that_is_known(scene: Scene) -> None:
    await scene.taps.fork(scene.leg, TO)
    at_first = (HERE.host, HERE.port)
    known = time.monotonic()
    await scene.until_happened(at_first)
    await scene.taps._mend(scene.leg, known)
    assert scene.happened == [at_first]
    await scene.taps._mend(scene.leg, time.monotonic())
    assert scene.happened == [at_first, "copied", (COPY.host, COPY.port)]
    assert await scene.taps.fork(scene.leg, TO) is None, "its packets are not seen here"
