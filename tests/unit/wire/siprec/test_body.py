"""Bodies are taken apart by structure: every way of writing them that clients have found is read (siprec.md, rule 5.4)."""

import pytest

from telegraphone.limits import MULTIPART_PARTS_MAX
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.siprec.body import METADATA, METADATA_OLD, Body, read_body

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
XML = b"<recording xmlns='urn:ietf:params:xml:ns:recording:1'/>"


def multipart(*parts: tuple[str, bytes], boundary: str = "b1", end: bytes = b"\r\n", last: bool = True) -> bytes:
    pieces = []
    for kind, content in parts:
        pieces.append(b"--" + boundary.encode() + end + (f"Content-Type: {kind}".encode() + end if kind else b""))
        pieces.append(end + content + end)
    return b"".join(pieces) + (b"--" + boundary.encode() + b"--" + end if last else b"")


def read(content: bytes, content_type: str = "multipart/mixed;boundary=b1") -> Body:
    return read_body(content_type, content)


def both(body: Body) -> bool:
    return body.sdp is not None and body.sdp.strip() == SDP.strip() and body.metadata is not None and body.metadata.strip() == XML


def test_a_description_and_metadata() -> None:
    body = read(multipart(("application/sdp", SDP), (METADATA, XML)))
    assert both(body)
    assert body.metadata_type == METADATA


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (multipart((METADATA_OLD, XML), ("application/sdp", SDP)), "multipart/mixed;boundary=b1"),
        (multipart(("application/sdp", SDP), (METADATA, XML), last=False), "multipart/mixed;boundary=b1"),
        (multipart(("application/sdp", SDP), (METADATA, XML), end=b"\n"), "multipart/mixed;boundary=b1"),
        (multipart(("application/sdp", SDP), (METADATA, XML), boundary="--x--y"), 'multipart/mixed; boundary="--x--y"'),
        (multipart(("application/sdp", SDP), (METADATA, XML)), "Multipart/Mixed"),
        (multipart(("application/sdp", SDP), (METADATA, XML)), 'multipart/mixed; boundary="another"'),
        (multipart(("", SDP), ("", XML)), "multipart/mixed;boundary=b1"),
        (multipart(("application/sdp", SDP), ("text/xml", XML)), "multipart/mixed;boundary=b1"),
        (b"a preamble\r\n" + multipart(("application/sdp", SDP), (METADATA, XML)), "multipart/mixed;boundary=b1"),
        (
            multipart(("application/sdp", SDP), (METADATA, XML)).replace(b"--b1\r\n", b"--b1 \t\r\n"),
            "multipart/mixed;boundary=b1",
        ),
        (
            multipart((f"application/sdp\r\nContent-Length: {len(SDP)}", SDP), (METADATA, XML)),
            "multipart/mixed;boundary=b1",
        ),
        (
            multipart(("multipart/mixed;boundary=b2", multipart(("application/sdp", SDP), boundary="b2")), (METADATA, XML)),
            "multipart/mixed;boundary=b1",
        ),
    ],
    ids=[
        "metadata first",
        "no last boundary",
        "LF alone",
        "a boundary of dashes",
        "no boundary named",
        "the wrong boundary named",
        "no types",
        "a general type",
        "a preamble",
        "blanks after a boundary",
        "a length inside a part",
        "nested",
    ],
)
def test_however_it_is_packed(content: bytes, content_type: str) -> None:
    assert both(read(content, content_type))


def test_a_description_alone_needs_no_container() -> None:
    assert read(SDP, "application/sdp").sdp == SDP
    assert read(SDP, "").sdp == SDP
    assert read(XML, METADATA_OLD) == Body(None, XML, METADATA_OLD)
    assert read(b"", "multipart/mixed;boundary=b1") == Body()


def test_what_else_is_packed_in_is_named_and_left_alone() -> None:
    body = read(multipart(("application/sdp", SDP), ("application/gtd", b"UUI,3,1"), (METADATA, XML)))
    assert both(body)
    assert body.others == ("application/gtd",)


def test_more_parts_or_deeper_ones_than_there_are() -> None:
    with pytest.raises(RemoteProtocolError):
        read(multipart(*[("text/plain", b"x")] * (MULTIPART_PARTS_MAX + 1)))
    deep = multipart(("application/sdp", SDP), boundary="b4")
    for level in (3, 2, 1):
        deep = multipart((f"multipart/mixed;boundary=b{level + 1}", deep), boundary=f"b{level}")
    with pytest.raises(RemoteProtocolError):
        read(deep)
