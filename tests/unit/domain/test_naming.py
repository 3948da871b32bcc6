"""The names of recordings, to the letter."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from telegraphone.domain.ids import CallUuid
from telegraphone.domain.naming import NamePattern

UUID = CallUuid("00RV9H7S6O8V3BSHAG7GK2LAES00002M")
START = datetime(2013, 8, 9, 21, 11, 22, tzinfo=UTC)
SEED = NamePattern("hpe-voicevm-84.genesyslab.com")
DOCUMENTED = (
    "00RV9H7S6O8V3BSHAG7GK2LAES00002M_5001_5000_5001_2013-08-09_21-11-22_hpe-voicevm-84.genesyslab.com__%3Ccont_center_id%3E"
)


def test_the_documented_name() -> None:
    assert SEED.name(UUID, "5001", ("5000", "5001"), START, ()) == DOCUMENTED


def test_the_host_of_later_versions() -> None:
    name = NamePattern("hpe-voicevm-84.genesyslab.com", dotted_host=False).name(UUID, "5001", ("5000", "5001"), START, ())
    assert name == DOCUMENTED.replace("84.genesyslab.com", "84-dot-genesyslab-dot-com")


def test_times_are_utc() -> None:
    local = START.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert SEED.name(UUID, "5001", ("5000", "5001"), local, ()) == DOCUMENTED


@pytest.mark.parametrize(
    ("number", "written"),
    [("", "unknown"), ("+15550100", "+15550100"), ("a_b", "a%5Fb"), ("a.b", "a%2Eb"), ("a~b", "a%7Eb"), ("*9#", "%2A9%23"),
     ("5-1", "5-1"), ("sip:ä@x", "sip%3A%C3%A4%40x"), ("../..", "%2E%2E%2F%2E%2E")],
)  # fmt: skip
def test_numbers_are_encoded(number: str, written: str) -> None:
    assert SEED.name(UUID, "5001", (number, "5001"), START, ()).split("_")[2] == written


def test_a_second_that_is_taken() -> None:
    first = SEED.name(UUID, "5001", ("5000", "5001"), START, ())
    second = SEED.name(UUID, "5001", ("5000", "5001"), START, {first})
    third = SEED.name(UUID, "5001", ("5000", "5001"), START, {first, second})
    assert "_21-11-23_" in second
    assert "_21-11-24_" in third


def test_the_suffix_is_encoded_whole() -> None:
    assert NamePattern("h", suffix="a/b _c").name(UUID, "1", ("2", "3"), START, ()).endswith("__a%2Fb%20_c")
