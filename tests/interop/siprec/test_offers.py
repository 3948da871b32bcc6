"""Requests that bring no description, so that the recorder makes the offer and the ACK brings the answer (siprec.md, 3.9)."""

from dataclasses import replace

from telegraphone.domain.legs import EndCause, LegEnded
from telegraphone.services.ports import TapMoved
from telegraphone.wire.sdp import PCMU, Direction, Media, SessionDescription
from tests.interop.siprec.laboratory import Laboratory, again, described, laboratory, message, quiet

LABELS = ("96", "97")


def without_body(data: bytes) -> bytes:
    """The same request, asking for an offer."""
    lines = [line for line in data.partition(b"\r\n\r\n")[0].split(b"\r\n") if not line.startswith(b"Content-")]
    return b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])


def answer_of(*ports: int, direction: Direction = Direction.SENDONLY) -> bytes:
    """What the client answers: its lines, from these ports."""
    lines = (
        Media("audio", port, (PCMU,), direction, attributes=(("label", label),))
        for port, label in zip(ports, LABELS, strict=False)
    )
    return SessionDescription("192.0.2.1", tuple(lines)).serialize()


async def asked_for_an_offer(lab: Laboratory, cseq: int, answer: bytes) -> SessionDescription:
    """The offer in a call that is held, which the client then answers so."""
    lab.answer_body = answer
    response = await lab.say(without_body(again(message("q10-both-inactive"), cseq, lab)))
    assert response.status == 200
    return described(response)


async def test_a_held_call_goes_on_by_an_offer_of_ours() -> None:
    async with laboratory() as lab:
        held = described(await lab.send("q10-both-inactive"))
        await lab.sources()
        offer = await asked_for_an_offer(lab, 2, answer_of(4000, 4002))
        assert [media.direction for media in offer.media] == [Direction.RECVONLY] * 2
        assert [replace(media, direction=Direction.INACTIVE) for media in offer.media] == list(held.media)
        assert (offer.session_id, offer.version) == (held.session_id, held.version + 1)
        assert [event.source.port for event in lab.of(TapMoved)] == [4000, 4002]
        offer = await asked_for_an_offer(lab, 3, answer_of(4000, 4002, direction=Direction.INACTIVE))
        assert [event.source.host for event in lab.of(TapMoved)][2:] == ["", ""]
        assert lab.of(LegEnded) == []


async def test_an_answer_that_never_comes_costs_a_call_that_lives_nothing() -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        await lab.sources()
        for cseq, answer in ((2, b""), (3, b"no description")):
            lab.answer_body = answer
            assert (await lab.say(without_body(again(message("plain"), cseq, lab)))).status == 200
        assert (lab.of(LegEnded), lab.asked) == ([], [])
        assert [source.port for source in await lab.sources()] == [4000, 4002]


async def test_without_any_answer_nothing_begins() -> None:
    async with laboratory() as lab:
        lab.answer_body = b"no description"
        assert (await lab.say(without_body(message("plain")))).status == 200
        await quiet()
        assert [event.cause for event in lab.of(LegEnded)] == [EndCause.FAILED] * 2
        assert [request.method for request in lab.asked] == ["BYE"]
        assert (lab.ports.open, lab.server.counts.recordings) == ({}, 0)
