"""Requests that bring no description, so that the recorder makes the offer and the ACK brings the answer (siprec.md, 3.9)."""

from dataclasses import replace

import pytest

from telegraphone.domain.legs import EndCause, LegEnded
from telegraphone.services.ports import TapMoved
from telegraphone.wire.sdp import PCMU, Direction, Media, SessionDescription
from tests.interop.siprec.laboratory import Laboratory, again, described, laboratory, message, quiet

LABELS = ("96", "97")
HEAD = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
PLAIN, REFUSED = b"m=audio 5000 RTP/AVP 0\r\n", b"m=audio 0 RTP/AVP 0\r\n"
OTHER_CODEC, NO_KEYS = b"m=audio 5000 RTP/AVP 3\r\n", b"m=audio 5000 RTP/SAVP 0\r\n"
KEYS = b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e\r\n"
A_NAME = HEAD.replace(b"c=IN IP4 192.0.2.1", b"c=IN IP4 sbc.example.com")


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


@pytest.mark.parametrize(
    ("answer", "ports"),
    [
        (HEAD + OTHER_CODEC * 2, [4000, 4002]),
        (HEAD + NO_KEYS * 2, [4000, 4002]),
        (A_NAME + PLAIN * 2, [4000, 4002]),
        (HEAD, [4000, 4002]),
        (HEAD + PLAIN, [5000, 4002]),
        (HEAD + OTHER_CODEC + PLAIN, [4000, 5000]),
        (HEAD + REFUSED + NO_KEYS, [0, 4002]),
        (HEAD + REFUSED * 2, [0, 0]),
    ],
    ids=["another codec", "no keys", "a name", "no line", "a line too few", "one of two", "one given up", "all given up"],
)
async def test_a_line_of_which_the_answer_says_nothing_usable_goes_on_as_it_was(answer: bytes, ports: list[int]) -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        await lab.sources()
        lab.answer_body = answer
        assert (await lab.say(without_body(again(message("plain"), 2, lab)))).status == 200
        assert [event.source.port for event in lab.of(TapMoved)] == ports
        assert (lab.of(LegEnded), lab.asked) == ([], [])


async def test_keys_in_an_answer_of_plain_rtp_mean_what_the_profile_says() -> None:
    for believed in (True, False):
        async with laboratory(keys_under_avp=believed) as lab:
            await lab.send("plain")
            lab.answer_body = HEAD + (PLAIN + KEYS) * 2
            assert (await lab.say(without_body(again(message("plain"), 2, lab)))).status == 200
            assert [(source.port, source.keys is not None) for source in await lab.sources()] == [(5000, believed)] * 2


@pytest.mark.parametrize(
    "answer",
    [b"no description", HEAD + OTHER_CODEC, A_NAME + PLAIN, HEAD, HEAD + REFUSED],
    ids=["no description", "another codec", "a name", "no line", "all given up"],
)
async def test_without_a_usable_answer_nothing_begins(answer: bytes) -> None:
    async with laboratory() as lab:
        lab.answer_body = answer
        assert (await lab.say(without_body(message("plain")))).status == 200
        await quiet()
        assert [event.cause for event in lab.of(LegEnded)] == [EndCause.FAILED] * 2
        assert [request.method for request in lab.asked] == ["BYE"]
        assert (lab.ports.open, lab.server.counts.recordings) == ({}, 0)
