"""What `asterisk check` thinks of versions, endpoints and addresses that no Asterisk of the tests has."""

from dataclasses import replace
from pathlib import Path

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
    check,
)
from telegraphone.switches.asterisk.link import AriLink, AriRefused
from telegraphone.wire.ari.requests import AriRequest

SAMPLE = Path(__file__).parents[4] / "deploy" / "asterisk" / "modules.conf"
OLD = "16.28.0~dfsg-0+deb11u4"

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
        (20_007, "external-media", True, True, Grade.WRONG, "and it has 1 phones"),
        (20_007, "auto", False, True, Grade.WRONG, "and it has 1 phones"),
        (20_007, "auto", True, False, Grade.WRONG, "and it has 1 phones"),
        (20_007, "auto", True, True, Grade.NOTE, "for 0 calls"),
        (20_007, "packets", False, True, Grade.NOTE, "for 0 calls"),
    ],
)
def test_whether_there_are_ports_enough(last: int, taps: str, near: bool, may: bool, grade: Grade, said: str) -> None:
    """A leg takes a pair of them, and so does its copy; a fifth is left alone. By packets only some legs are copied, and how
    many is not known beforehand."""
    finding = about_ports(wanted(rtp_ports=(20_000, last), taps=taps, may_take_packets=may), 1, near=near)
    assert finding.grade is grade
    assert said in finding.text


class Scripted(AriLink):
    """An Asterisk with the endpoint 5001 and the trunk. Its version and modules are those of Debian's bullseye, the oldest that
    the tests have been run on."""

    def __init__(self) -> None:
        pass

    async def ask(self, request: AriRequest) -> object:
        match request.method, request.path.split("/")[1:]:
            case "GET", ["asterisk", "info"]:
                return {"system": {"version": OLD}, "status": {"startup_time": "2026-11-27T23:31:22.689+0000"}}
            case "GET", ["asterisk", "modules"]:
                return [{"name": name, "status": "Running"} for name in modules()]
            case "GET", [*_, "endpoint", "5001" | "trunk"]:
                return [{"attribute": name, "value": value} for name, value in ENDPOINT.items()]
            case _:
                raise AriRefused(request, 404)

    async def is_near(self) -> bool:
        return False


def modules() -> list[str]:
    loaded = [line.removeprefix("load = ") for line in SAMPLE.read_text().splitlines() if line.startswith("load = ")]
    return [name for name in loaded if name not in {"res_pjsip_maintenance.so", "res_websocket_client.so"}]


async def test_an_older_asterisk_has_all_that_is_needed_and_is_advised_against() -> None:
    found = await check(Scripted(), wanted())
    assert not [each.text for each in found if each.is_fault]
    [advice] = [each.text for each in found if each.grade is Grade.NOTE and OLD in each.text]
    assert advice.endswith("install 22.10.1 or later")
    assert "all modules that are needed run" in [each.text for each in found]


@pytest.mark.parametrize("alone", [True, False])
async def test_ports_are_wanted_for_the_phones_of_this_asterisk(alone: bool) -> None:
    """Phones that are configured and not here are at another one."""
    elsewhere = {str(number): str(number) for number in range(5002, 5100)}
    here = replace(wanted(alone=alone, taps="external-media", rtp_ports=(20_000, 20_009)), phones={"5001": "5001", **elsewhere})
    found = [each.text for each in await check(Scripted(), here) if "rtp_port_first" in each.text and each.is_fault]
    assert found == []
    narrow = replace(here, rtp_ports=(20_000, 20_007))
    [found] = [each.text for each in await check(Scripted(), narrow) if "rtp_port_first" in each.text]
    assert "and it has 1 phones" in found
