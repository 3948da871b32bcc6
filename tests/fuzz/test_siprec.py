"""Whatever a recording client packs into a message, reading it ends within bounds and fails by one error only (F26, F30).

What is changed are the fixtures of behaviours that were seen, and a corpus of messages, descriptions, multiparts and
metadata written to provoke (`corpus/`).
"""

from collections.abc import Callable
from pathlib import Path
from random import Random
from time import process_time

import pytest

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sdp import SessionDescription
from telegraphone.wire.sip.message import Request, parse_message
from telegraphone.wire.siprec import built_in_bridge, srs
from telegraphone.wire.siprec.answering import CODECS, Mine, answer, taken_lines
from telegraphone.wire.siprec.body import METADATA, read_body
from telegraphone.wire.siprec.keys import usable_key
from telegraphone.wire.siprec.metadata import Picture, read_snapshot
from telegraphone.wire.siprec.noticing import facts_of_description, facts_of_request
from tests.fuzz.bounded import CORPUS, rounds

MESSAGES = [*sorted((Path(__file__).parents[1] / "fixtures" / "siprec").glob("*.sip")), *sorted(CORPUS.glob("invite/*.txt"))]
BODIES = sorted(path for kind in ("sdp", "multipart", "xml") for path in CORPUS.glob(f"{kind}/*.txt"))
KINDS = {"sdp": "application/sdp", "xml": METADATA}
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
"""Of computing: a machine that stands still meanwhile makes nothing slow."""


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
            facts_of_description(offered)
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


def take(data: bytes) -> None:
    """Everything that is done with an INVITE before its body is read, and then with that."""
    try:
        request = parse_message(data)
    except RemoteProtocolError:
        return
    if not isinstance(request, Request):
        return
    try:
        read_body(request.headers.get("Content-Type") or "", request.body)
    except RemoteProtocolError:
        pass
    try:
        srs.strict_refusal(request), facts_of_request(request)
        if (snapshot := built_in_bridge.described(request)) is not None:
            Picture().after(snapshot).parties()
    except RemoteProtocolError:
        pass
    swallow(request.headers.get("Content-Type") or "", request.body)


def split(path: Path) -> tuple[str, bytes]:
    """The content type and bytes of a body of the corpus; those of many parts say theirs on the first line."""
    content = path.read_bytes()
    if path.parent.name in KINDS:
        return KINDS[path.parent.name], content
    first, _, content = content.partition(b"\n\n")
    return first.decode().partition(": ")[2], content


def quickly(deed: Callable[[bytes], None], data: bytes) -> None:
    begun = process_time()
    deed(data)
    assert process_time() - begun < SLOW_S, data[:500]


@pytest.mark.parametrize("path", MESSAGES, ids=[path.stem for path in MESSAGES])
def test_changed_messages(path: Path) -> None:
    head, _, body = path.read_bytes().partition(b"\n\n")
    message = b"\r\n".join([*head.split(b"\n"), b"", b""]) + body
    content_type = next(
        (line.partition(b":")[2].strip().decode() for line in head.split(b"\n") if line.startswith(b"Content-T")), ""
    )
    take(message)
    for chance in rounds(100, seed=path.stem, share=1 / len(MESSAGES)):
        quickly(take, changed(message, chance))
        # Without a head that is spoilt as well, what is done with bodies is reached more often.
        quickly(lambda data: swallow(content_type, data), changed(body, chance))


@pytest.mark.parametrize("path", BODIES, ids=[f"{path.parent.name}-{path.stem}" for path in BODIES])
def test_changed_bodies(path: Path) -> None:
    content_type, content = split(path)
    swallow(content_type, content)
    for chance in rounds(100, seed=path.stem, share=1 / len(BODIES)):
        quickly(lambda data: swallow(content_type, data), changed(content, chance))


def test_ten_megabytes_and_a_thousand_participants() -> None:
    for inner in (b"x" * 10_000_000, b"".join(b"<participant participant_id='%d'/>" % n for n in range(1_000)), b"<a>" * 100_000):
        begun = process_time()
        with pytest.raises(RemoteProtocolError):
            read_snapshot(b"<recording>" + inner + b"</recording>")
        assert process_time() - begun < SLOW_S


def test_keys_of_any_kind() -> None:
    for chance in rounds(3_000):
        text = changed(b"1 AES_CM_128_HMAC_SHA1_80 inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e|2^20", chance).decode(
            "latin-1"
        )
        usable_key([text])
