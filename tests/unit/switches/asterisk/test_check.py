"""What `asterisk check` thinks of versions, endpoints and addresses that no Asterisk of the tests has."""

import pytest

from telegraphone.services.findings import Grade
from telegraphone.switches.asterisk.check import (
    Wanted,
    about_endpoint,
    about_ports,
    about_recorder,
    about_taps,
    about_transport,
    about_version,
)

ENDPOINT = {
    "direct_media": "false",
    "allow_transfer": "false",
    "context": "from-agents",
    "rtp_symmetric": "true",
    "force_rport": "true",
    "rewrite_contact": "true",
}


def wanted(
    url: str = "http://127.0.0.1:8088",
    recorder: str = "127.0.0.1",
    *,
    alone: bool = True,
    taps: str = "auto",
    may_take_packets: bool = True,
    rtp_ports: tuple[int, int] = (20_000, 29_999),
) -> Wanted:
    return Wanted(
        url=url,
        user="telegraphone",
        application="telegraphone",
        phones={"5001": "5001"},
        trunks=("trunk",),
        recorder_host=recorder,
        rtp_ports=rtp_ports,
        taps=taps,
        may_take_packets=may_take_packets,
        alone=alone,
    )


@pytest.mark.parametrize(
    ("version", "grades"),
    [
        ("22.10.1+dfsg", []),
        ("23.0.0", []),
        ("22.11.0", [Grade.NOTE]),
        ("22.9.0", [Grade.NOTE]),
        ("certified/20.7-cert5", [Grade.NOTE]),
        ("16.28.0~dfsg", [Grade.NOTE]),
        ("13.38.3", [Grade.WRONG]),
        ("GIT-master-a1b2", [Grade.NOTE]),
    ],
)
def test_versions(version: str, grades: list[Grade]) -> None:
    assert [each.grade for each in about_version(version)] == grades


def test_endpoints() -> None:
    def grades(**changed: str) -> list[Grade]:
        return [each.grade for each in about_endpoint("5001", {**ENDPOINT, **changed}, wanted())]

    assert grades() == [Grade.GOOD]
    assert grades(direct_media="true") == [Grade.WRONG]
    assert grades(allow_transfer="yes") == [Grade.WRONG]
    assert grades(context="") == [Grade.WRONG]
    assert grades(force_rport="false") == [Grade.NOTE, Grade.GOOD]


def test_a_phone_may_be_at_another_asterisk_and_a_trunk_may_not() -> None:
    assert [each.grade for each in about_endpoint("5001", None, wanted())] == [Grade.WRONG]
    assert not list(about_endpoint("5001", None, wanted(alone=False)))
    assert [each.grade for each in about_endpoint("trunk", None, wanted(alone=False))] == [Grade.WRONG]


def test_transports() -> None:
    outside = {"external_media_address": "192.0.2.20", "external_signaling_address": "192.0.2.20"}
    assert not list(about_transport("udp", {"bind": "0.0.0.0:5060"}))
    assert not list(about_transport("udp", {**outside, "local_net": "198.51.100.0/24"}))
    assert [each.grade for each in about_transport("udp", outside)] == [Grade.WRONG]
    half = {"external_media_address": "192.0.2.20", "local_net": "198.51.100.0/24"}
    assert [each.grade for each in about_transport("udp", half)] == [Grade.WRONG]
    assert [each.grade for each in about_transport("udp", {"bind": "127.0.0.1:5060"})] == [Grade.NOTE]


@pytest.mark.parametrize(
    ("url", "recorder", "reached"),
    [
        ("http://127.0.0.1:8088", "127.0.0.1", True),
        ("http://localhost:8088/pbx", "127.0.0.1", True),
        ("https://[::1]:8089", "127.0.0.1", True),
        ("http://pbx.example.com:8088", "192.0.2.9", True),
        ("http://pbx.example.com:8088", "127.0.0.1", False),
        ("http://192.0.2.20:8088", "127.0.0.1", False),
        ("http://192.0.2.20:8088", "0.0.0.0", False),
    ],
)
def test_where_copies_are_sent(url: str, recorder: str, reached: bool) -> None:
    assert (not list(about_recorder(wanted(url, recorder)))) == reached


@pytest.mark.parametrize(
    ("taps", "near", "may", "grade", "said"),
    [
        ("auto", True, True, Grade.GOOD, "costs Asterisk nothing"),
        ("auto", True, False, Grade.NOTE, "CAP_NET_RAW"),
        ("auto", False, True, Grade.NOTE, "on another machine"),
        ("packets", True, True, Grade.GOOD, "costs Asterisk nothing"),
        ("packets", False, True, Grade.GOOD, "costs Asterisk nothing"),
        ("packets", True, False, Grade.WRONG, "CAP_NET_RAW"),
        ("external-media", True, True, Grade.NOTE, 'taps = "auto"'),
        ("external-media", False, True, Grade.NOTE, "sends copies"),
    ],
)
def test_how_calls_will_be_recorded(taps: str, near: bool, may: bool, grade: Grade, said: str) -> None:
    finding = about_taps(wanted(taps=taps, may_take_packets=may), near=near)
    assert finding.grade is grade
    assert said in finding.text


@pytest.mark.parametrize(
    ("last", "taps", "near", "may", "grade", "said"),
    [
        (29_999, "external-media", True, True, Grade.NOTE, "enough for 1000 calls"),
        (20_009, "external-media", True, True, Grade.NOTE, "for 1 calls"),
        (20_007, "external-media", True, True, Grade.WRONG, "and there are 1 phones"),
        (20_007, "auto", False, True, Grade.WRONG, "and there are 1 phones"),
        (20_007, "auto", True, False, Grade.WRONG, "and there are 1 phones"),
        (20_007, "auto", True, True, Grade.NOTE, "for 0 calls"),
        (20_007, "packets", False, True, Grade.NOTE, "for 0 calls"),
    ],
)
def test_whether_there_are_ports_enough(last: int, taps: str, near: bool, may: bool, grade: Grade, said: str) -> None:
    """A leg takes a pair of them, and so does its copy; a fifth is left alone. By packets only some legs are copied, and how
    many is not known beforehand."""
    finding = about_ports(wanted(rtp_ports=(20_000, last), taps=taps, may_take_packets=may), near=near)
    assert finding.grade is grade
    assert said in finding.text
