"""Calls that a Cisco phone copies by its built-in bridge: two dialogs, one for each voice, and one call (siprec.md, Q17)."""

from dataclasses import replace

import pytest

from telegraphone.domain.legs import CallForked, CopyDescribed, EndCause, LegEnded
from telegraphone.wire.sdp import PCMU, Direction, Media, SessionDescription
from tests.interop.siprec.laboratory import Laboratory, again, described, laboratory, message, quiet

BOTH = ["15550100", "5001"]
VOICE = SessionDescription("192.0.2.5", (Media("audio", 4000, (PCMU,), Direction.SENDONLY),))
NEAR, FAR = "q17-near-end", "q17-far-end"


async def bridged(lab: Laboratory, name: str, port: int) -> None:
    """A Cisco phone has one voice recorded: it lets us offer and answers in its ACK."""
    lab.answer_body = SessionDescription("192.0.2.5", (replace(VOICE.media[0], port=port),)).serialize()
    [media] = described(await lab.send(name)).media
    assert media.direction is Direction.RECVONLY


@pytest.mark.parametrize("order", [(NEAR, FAR), (FAR, NEAR)])
async def test_q17_two_sessions_of_a_cisco_phone_are_one_call(order: tuple[str, str]) -> None:
    async with laboratory(built_in_bridge=True) as lab:
        ports = {NEAR: 4000, FAR: 4002}
        await bridged(lab, order[0], ports[order[0]])
        assert (lab.numbers(), lab.call.mixed) == (BOTH, False)
        # The caller is the far end; of whom no session has come nobody sends.
        assert [source.port for source in await lab.sources()] == [ports[each] * (each == order[0]) for each in (FAR, NEAR)]
        await bridged(lab, order[1], ports[order[1]])
        assert len(lab.of(CallForked)) == 1
        assert [source.port for source in await lab.sources()] == [4002, 4000]
        assert len(lab.ports.open) == 2
        assert lab.server.counts.dialogs == 2
        assert {event.links for event in lab.of(CopyDescribed)} == {frozenset({"refci-4711"})}
        assert lab.asked == []


@pytest.mark.parametrize("last", [NEAR, FAR])
async def test_q17_the_call_is_over_with_the_last_of_both_and_a_voice_may_come_back(last: str) -> None:
    first = FAR if last == NEAR else NEAR
    async with laboratory(built_in_bridge=True) as lab:
        await bridged(lab, NEAR, 4000)
        await bridged(lab, FAR, 4002)
        await lab.sources()
        assert (await lab.say(bye_to(first, lab))).status == 200
        assert lab.of(LegEnded) == []
        ports = [source.port for source in await lab.sources()]
        assert ports == ([0, 4000] if first == FAR else [4002, 0])
        anew = message(first).replace(b"q17", b"q17anew")
        lab.answer_body = VOICE.serialize()
        assert (await lab.say(anew)).status == 200
        assert 4000 in {source.port for source in await lab.sources()}
        assert (await lab.say(bye_to(last, lab))).status == 200
        assert lab.of(LegEnded) == []
        assert (await lab.say(bye_to(anew, lab))).status == 200
        await quiet()
        assert len(lab.of(LegEnded)) == 2
        assert (len(lab.of(CallForked)), lab.ports.open, lab.server.counts.dialogs) == (1, {}, 0)


async def test_q17_who_ends_the_call_here_ends_both() -> None:
    async with laboratory(built_in_bridge=True) as lab:
        await bridged(lab, NEAR, 4000)
        await bridged(lab, FAR, 4002)
        await lab.server.hang_up(lab.call.parties[0].leg, EndCause.NORMAL)
        await quiet()
        assert [each.method for each in lab.asked] == ["BYE", "BYE"]
        assert (lab.ports.open, lab.server.counts.dialogs, lab.server.counts.recordings) == ({}, 0, 0)


async def test_q17_other_calls_and_other_trunks_are_not_joined() -> None:
    async with laboratory(built_in_bridge=True) as lab:
        await bridged(lab, NEAR, 4000)
        await lab.say(message(FAR).replace(b"x-refci=4711", b"x-refci=4712"))
        assert len(lab.of(CallForked)) == 2


def bye_to(name: str | bytes, lab: Laboratory) -> bytes:
    """The phone's BYE in the dialog that this began."""
    later = again(message(name) if isinstance(name, str) else name, 2, lab)
    return later.replace(b"INVITE", b"BYE", 1).replace(b" INVITE", b" BYE", 1)
