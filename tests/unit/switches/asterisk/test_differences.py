"""The list of differences in docs/reference/asterisk.md: abilities as the switch declares them, and what it has no port for."""

from pathlib import Path

from telegraphone.domain.legs import Ability
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.switch_ports import Announcements, ConferenceTaps, LegMedia, Monitoring, TapMutes, WarningTones
from telegraphone.switches.asterisk import AsteriskSwitch
from telegraphone.switches.asterisk.sound import AsteriskSound
from telegraphone.switches.exchange.sound import ExchangeSound

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "asterisk.md"
WORDS = {
    Ability.DIAL: "calling",
    Ability.HANG_UP: "hanging up",
    Ability.HOLD: "hold with music",
    Ability.MUTE: "mute",
    Ability.SEND_DTMF: "keypad digits",
    Ability.TRANSFER: "transfers",
    Ability.CONFERENCE: "conferences",
    Ability.MONITOR: "supervisors",
}
MISSING = {"warn": "`[[warning_tones]]`", "announce": "`announcement`"}
"""What the exchange alone does to a leg's sound, and how the page names it."""


def row(beginning: str) -> str:
    [found] = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| {beginning}")]
    return found.split("|")[2].strip()


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


async def test_the_abilities_are_those_that_are_declared() -> None:
    switch = AsteriskSwitch(
        name="asterisk",
        url="http://192.0.2.10:8088",
        user="telegraphone",
        password="",
        app="telegraphone",
        named_devices={},
        outbound="",
        lifts=True,
        feature_codes={},
        rtp_ports=(20_000, 29_999),
        clock=SystemClock(),
    )
    kind, _, listed = row("what a switch can do (abilities)").partition(": ")
    assert set(listed.split(", ")) == {WORDS[each] for each in switch.abilities}
    assert (kind == "everything") is (switch.abilities == frozenset(Ability))
    await switch._board.link.close()


def test_what_only_the_exchange_does_is_listed() -> None:
    ports = set().union(*map(public, (LegMedia, WarningTones, Announcements, ConferenceTaps, TapMutes, Monitoring)))
    assert public(ExchangeSound) >= ports
    assert ports - public(AsteriskSound) == set(MISSING)
    for name in MISSING.values():
        assert name in PAGE.read_text().partition("## Taps")[0]
