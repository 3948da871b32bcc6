"""Foreign XML becomes a small tree, or is refused where it passes a bound or refers to anything outside of it (F30)."""

import pytest

from telegraphone.limits import METADATA_BYTES_MAX, METADATA_DEPTH_MAX, METADATA_ELEMENTS_MAX, METADATA_TEXT_CHARS_MAX
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.siprec.xml_tree import read_tree


def test_names_lose_their_prefix_and_their_capitals() -> None:
    root = read_tree(b'<tns:Recording xmlns:tns="urn:x"><tns:Stream tns:Stream_ID=" 7 "> a <b/> c </tns:Stream></tns:Recording>')
    assert root.name == "recording"
    [stream] = root.named("stream")
    assert stream.attribute("id", "stream_id") == "7"
    assert stream.text == "a  c"
    assert root.text_of("nothing") == stream.attribute("nothing") == ""


def test_blanks_around_a_document_are_no_error() -> None:
    assert read_tree(b'\r\n <?xml version="1.0" encoding="UTF-8"?><a/> \r\n').name == "a"


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"not xml",
        b"<a><b></a>",
        b"<a/><b/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>',
        b"<a>&undeclared;</a>",
        b'<?xml version="1.0" encoding="no-such-coding"?><a/>',
        b"<a>" + b" " * METADATA_BYTES_MAX + b"</a>",
        b"<a>" * (METADATA_DEPTH_MAX + 1) + b"</a>" * (METADATA_DEPTH_MAX + 1),
        b"<a>" + b"<b/>" * METADATA_ELEMENTS_MAX + b"</a>",
        b"<a>" + b"x" * (METADATA_TEXT_CHARS_MAX + 1) + b"</a>",
        b'<a b="' + b"x" * (METADATA_TEXT_CHARS_MAX + 1) + b'"/>',
    ],
)
def test_what_is_refused(bad: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read_tree(bad)


def test_what_just_fits() -> None:
    read_tree(b"<a>" * METADATA_DEPTH_MAX + b"</a>" * METADATA_DEPTH_MAX)
    read_tree(b"<a>" + b"<b/>" * (METADATA_ELEMENTS_MAX - 1) + b"</a>")
    read_tree(b"<a>" + b"x" * METADATA_TEXT_CHARS_MAX + b"</a>")
