"""Whatever a recording client packs into a body, reading it ends within bounds and fails by one error only (F26, F30)."""

import os
from pathlib import Path
from random import Random
from time import monotonic

import pytest

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sdp import SessionDescription
from telegraphone.wire.siprec.answering import CODECS, Mine, answer, taken_lines
from telegraphone.wire.siprec.body import read_body
from telegraphone.wire.siprec.keys import usable_key
from telegraphone.wire.siprec.metadata import Picture, read_snapshot

CORPUS = sorted((Path(__file__).parents[1] / "fixtures" / "siprec").glob("*.sip"))
PIECES = [
    *(b"--", b"\r\n", b"\n\n", b"--unique-boundary-1", b"--unique-boundary-1--", b"Content-Type: multipart/mixed;boundary=x\n\n"),
    *(b"<", b">", b"</", b"/>", b"&", b"&lt;", b"&#0;", b"<![CDATA[", b"]]>", b"<!DOCTYPE a [", b"<!ENTITY b 'c'>", b"<?x?>"),
    *(
        b"m=audio 1 RTP/AVP 0\n",
        b"m=audio 99999 RTP/SAVP 0\n",
        b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AA==\n",
        b"c=IN IP4\n",
    ),
    *(b"\0", b"\xff", b"\xfe\xff", b"\xc3", b'"', b"'", b"=", b";", b"participant_id", b"<participant participant_id='1'/>"),
]
SLOW_S = 2.0
SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
"""How long the changes go on over all bodies; without it they are some thousands."""


def changed(text: bytes, chance: Random) -> bytes:
    """A few small changes, anywhere."""
    data = bytearray(text)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[at:at] = chance.choice(PIECES)
            case 1:
                del data[at : at + chance.randint(1, 40)]
            case 2:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                data[at:at] = data[at : at + chance.randint(1, 200)] * chance.randint(1, 20)
            case _:
                data = data[:at] or data
    return bytes(data)


def swallow(content_type: str, content: bytes) -> None:
    """Everything that is done with a body."""
    try:
        body = read_body(content_type, content)
    except RemoteProtocolError:
        return
    if body.sdp is not None:
        try:
            offered = SessionDescription.parse(body.sdp)
            lines = taken_lines(offered, CODECS)
            ports = {line.index: 30_000 for line in lines if line is not None}
            made = answer(offered, lines, ports, Mine(SessionDescription("192.0.2.9", (), 1, 0), bytes(44)))
            assert len(made.media) == len(offered.media)
            made.serialize()
        except RemoteProtocolError:
            pass
    if body.metadata is not None:
        try:
            picture = Picture().after(read_snapshot(body.metadata))
            picture.parties(), picture.links(), picture.has_ended()
        except RemoteProtocolError:
            pass


@pytest.mark.parametrize("path", CORPUS, ids=[path.stem for path in CORPUS])
def test_changed_bodies(path: Path) -> None:
    head, _, content = path.read_bytes().partition(b"\n\n")
    types = [line.partition(b":")[2].strip().decode() for line in head.split(b"\n") if line.startswith(b"Content-Type")]
    content_type = types[0] if types else ""
    chance = Random(path.stem)
    ends = monotonic() + SECONDS / len(CORPUS)
    count = 0
    while count < 200 or monotonic() < ends:
        data = changed(content, chance)
        begun = monotonic()
        swallow(content_type, data)
        assert monotonic() - begun < SLOW_S, (chance, data[:500])
        count += 1


def test_ten_megabytes_and_a_thousand_participants() -> None:
    for inner in (b"x" * 10_000_000, b"".join(b"<participant participant_id='%d'/>" % n for n in range(1_000)), b"<a>" * 100_000):
        begun = monotonic()
        with pytest.raises(RemoteProtocolError):
            read_snapshot(b"<recording>" + inner + b"</recording>")
        assert monotonic() - begun < SLOW_S


def test_keys_of_any_kind() -> None:
    chance = Random(4568)
    for _ in range(3_000):
        text = changed(b"1 AES_CM_128_HMAC_SHA1_80 inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e|2^20", chance).decode(
            "latin-1"
        )
        usable_key([text])
