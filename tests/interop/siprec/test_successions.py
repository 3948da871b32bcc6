"""Calls that follow each other in one session, by snapshots that say less than one would like (siprec.md, section 7)."""

import pytest

from telegraphone.domain.legs import CallForked, CopyDescribed, LegEnded, PartyNamed
from tests.interop.siprec.laboratory import Laboratory, again, laboratory, message, with_metadata

BOTH = ("15550100", "5001")
OTHERS = ("15550111", "5002")


def session(name: str, *numbers: str) -> str:
    """A session of its own group with these people."""
    people = (f"<participant participant_id='id-{each}'><nameID aor='sip:{each}@example.com'/></participant>" for each in numbers)
    return f"<session session_id='{name}'><group-ref>group-{name}</group-ref></session>" + "".join(people)


async def say(lab: Laboratory, cseq: int, inner: str, mode: str = "complete", old: bytes = b"", new: bytes = b"") -> None:
    """A re-INVITE with this snapshot, and with one thing of its description changed."""
    document = f"<recording><datamode>{mode}</datamode>{inner}</recording>".encode()
    assert (await lab.say(again(with_metadata(document), cseq, lab, old, new))).status == 200


@pytest.mark.parametrize(("named", "calls"), [(BOTH, 1), (OTHERS, 2)], ids=["the same", "others"])
async def test_a_session_of_nobody_ends_no_call_and_whoever_is_named_next_decides(named: tuple[str, ...], calls: int) -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        for cseq, nobody in ((2, ""), (3, "<participant participant_id='x'/>")):
            await say(lab, cseq, session("next") + nobody)
            assert len(lab.of(CallForked)) == 1
            assert set(lab.ports.legs.values()) == set(lab.ports.open), "every line is somebody's"
        await say(lab, 4, session("next", *named))
        assert len(lab.of(CallForked)) == calls
        assert set(lab.ports.legs.values()) == set(lab.ports.open)


async def test_the_next_call_is_heard_before_anybody_of_it_is_known() -> None:
    stopped = "<session session_id='cs-one'><stop-time>2026-01-01T00:00:00Z</stop-time></session>"
    async with laboratory() as lab:
        await lab.send("plain")
        first = {party.leg for party in lab.call.parties}
        await say(lab, 2, stopped + session("next"), "partial")
        assert {event.leg for event in lab.of(LegEnded)} == first
        assert (len(lab.of(CallForked)), lab.numbers()) == (2, ["", ""])
        assert set(lab.ports.legs) == {party.leg for party in lab.call.parties}
        assert [source.port for source in await lab.sources()] == [4000, 4002]
        await say(lab, 3, session("next", *OTHERS), "partial")
        assert [event.number for event in lab.of(PartyNamed)] == list(OTHERS)
        assert len(lab.of(CallForked)) == 2


async def test_a_call_that_is_over_is_not_told_what_came_with_the_next() -> None:
    async with laboratory() as lab:
        await lab.send("plain")
        labelled, anew = b"a=label:96\r\na=sendonly", b"a=label:1\r\na=record:on"
        assert labelled in message("plain")
        await say(lab, 2, session("next", *OTHERS), old=labelled, new=anew)
        assert len(lab.of(CallForked)) == 2
        assert [event.facts for event in lab.of(CopyDescribed) if event.over] == [{}]
        assert lab.of(CopyDescribed)[-1].facts["record.1"] == "on"


async def test_ids_that_clash_in_the_next_call_are_no_fact_of_the_last() -> None:
    one = "12345678-1234-4123-8123-123456789abc"
    async with laboratory() as lab:
        await lab.send("plain")
        await say(lab, 2, session("next", *OTHERS) + f"<stream stream_id='{one}'/><group group_id='{one}'/>")
        assert len(lab.of(CallForked)) == 2
        assert [event.facts.get("metadata_clashes") for event in lab.of(CopyDescribed) if event.over] == [None]
        assert lab.of(CopyDescribed)[-1].facts["metadata_clashes"] == "1"
