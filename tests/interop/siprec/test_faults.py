"""The recording server under attack and on bad networks: faults F22, F25 to F28 and F30, each by its number.

F19 to F21 and F24 are in `test_media_faults`, F23 is in `test_handshakes`, F29 in `test_lifetime`.
"""

import asyncio
import base64

import pytest

from telegraphone.domain.legs import CallForked, CopyDescribed, LegEnded
from telegraphone.limits import METADATA_BYTES_MAX
from telegraphone.services.ports import TapMoved
from tests.fuzz.test_siprec import changed
from tests.interop.siprec.laboratory import FIXTURES, HOST, Ports, again, laboratory, message, quiet, with_metadata
from tests.seeds import chance

CHANGES = 300
TORTURE = sorted((FIXTURES.parent / "sip" / "torture").glob("*.dat"))


def numbered(data: bytes, number: int) -> bytes:
    """The same request in a dialog and transaction of its own."""
    return data.replace(b"plain", b"plain-%d" % number)


async def test_f22_new_keys_by_a_new_description() -> None:
    old, new = (base64.b64encode(bytes(range(start, start + 30))) for start in (1, 101))
    invite = message("q20-keys-under-savp")
    async with laboratory() as lab:
        await lab.say(invite)
        await lab.sources()
        assert (await lab.say(again(invite, 2, lab, old, new))).status == 200
        keys = [event.source.keys for event in lab.of(TapMoved) if event.source.keys is not None]
        assert [each.master for each in keys] == [bytes(range(101, 131))]


async def test_f25_the_torture_messages_of_rfc_4475_break_nothing() -> None:
    luck = chance(25)
    async with laboratory() as lab:
        for number, data in enumerate(path.read_bytes() for path in TORTURE):
            await lab.throw(data)
            _, writer = await asyncio.open_connection(HOST, lab.server.port)
            begin = 0
            while begin < len(data):
                stop = begin + luck.randint(1, 200)
                writer.write(data[begin:stop])
                await writer.drain()
                begin = stop
            writer.close()
            assert (await lab.say(numbered(message("plain"), number))).status == 200
        recorded = lab.server.counts.recordings
        assert recorded >= len(TORTURE)
        await quiet()
        # What was accepted of them and is never acknowledged is given up.
        lab.pass_time(40)
        await quiet()
        assert lab.server.counts.recordings == len(TORTURE)


async def test_f26_whatever_is_changed_in_an_invite_the_next_call_works() -> None:
    luck = chance(26)
    bodies = [message(path.stem, to_tag="x") for path in sorted(FIXTURES.glob("*.sip"))]
    async with laboratory() as lab:
        for number in range(CHANGES):
            await lab.throw(changed(numbered(luck.choice(bodies), number), luck)[:60_000])
            if number % 50 == 49:
                assert (await lab.say(message("plain").replace(b"plain", b"good-%d" % number))).status == 200
        assert len(lab.server._register.alive) == len({event.parties[0].leg for event in lab.of(CallForked)}) - len(
            {event.leg for event in lab.of(CopyDescribed) if event.over}
        )


async def test_f27_a_storm_of_changes_is_one_call() -> None:
    async with laboratory() as lab:
        invite = message("plain")
        await lab.say(invite)
        for cseq in range(2, 60):
            assert (await lab.say(again(invite, cseq, lab))).status == 200
            # Each is repeated by an impatient network.
            await lab.throw(again(invite, cseq, lab))
        await quiet()
        assert len(lab.of(CallForked)) == 1
        assert lab.of(LegEnded) == []
        assert lab.server.counts.recordings == 1


async def test_f27_an_acknowledgement_that_never_comes_leaves_no_zombie() -> None:
    async with laboratory() as lab:
        await lab.throw(message("plain"))
        await quiet()
        assert lab.server.counts.recordings == 1
        # The client repeats its INVITE for as long as our answer is lost; that is no second call.
        await lab.throw(message("plain"))
        await quiet()
        # 64 times T1 (RFC 3261 section 13.3.1.4).
        lab.pass_time(33)
        await quiet()
        assert [request.method for request in lab.asked] == ["BYE"]
        assert (len(lab.of(CallForked)), len(lab.of(LegEnded)), lab.ports.open) == (1, 2, {})
        lab.pass_time(40)
        assert (lab.server.counts.recordings, lab.server.counts.dialogs, lab.server.counts.transactions) == (0, 0, 0)


async def test_f28_a_flood_is_told_to_go_elsewhere_and_running_calls_stay() -> None:
    async with laboratory(ports=Ports(room=20)) as lab:
        answers = [(await lab.say(numbered(message("plain"), number))).status for number in range(60)]
        assert answers == [200] * 10 + [503] * 50
        assert (lab.server.counts.recordings, lab.of(LegEnded)) == (10, [])


async def test_f28_connections_that_say_nothing_hold_up_nobody() -> None:
    async with laboratory() as lab:
        slow = [await asyncio.open_connection(HOST, lab.server.port) for _ in range(40)]
        for number, (_, writer) in enumerate(slow):
            writer.write(numbered(message("plain"), number)[: 40 + number])
        assert (await lab.say(message("plain"))).status == 200
        for _, writer in slow:
            writer.close()
        assert len(lab.of(CallForked)) == 1


HOSTILE = {
    "a file of ours": b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><recording><datamode>&x;</datamode></recording>",
    "an entity bomb": b"<!DOCTYPE r [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><recording>&b;</recording>",
    "too many participants": b"<recording>"
    + b"".join(b"<participant participant_id='%d'/>" % number for number in range(1_000))
    + b"</recording>",
    "deep nesting": b"<recording>" + b"<a>" * 40 + b"</a>" * 40 + b"</recording>",
    "a long text": b"<recording><session session_id='1'>" + b"x" * 2_000 + b"</session></recording>",
    "no end": b"<recording><participant participant_id='1'>",
}


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
async def test_f30_hostile_metadata_is_refused_and_kept_raw_and_the_audio_recorded(document: bytes) -> None:
    async with laboratory() as lab:
        assert (await lab.say(with_metadata(document))).status == 200
        assert [source.port for source in await lab.sources()] == [4000, 4002]
        [said] = lab.of(CopyDescribed)
        assert "metadata_error" in said.facts
        [kept] = said.documents
        assert kept.content == document[:METADATA_BYTES_MAX]
        assert kept.error
        assert b"root:" not in kept.content


async def test_f30_bytes_that_are_no_utf_8_cost_nothing() -> None:
    document = message("plain").partition(b"<?xml")[2].partition(b"--unique")[0].replace(b">First<", b">F\xff\xfe\x80t<").strip()
    async with laboratory() as lab:
        assert (await lab.say(with_metadata(b"<?xml " + document))).status == 200
        assert lab.numbers() == ["15550100", "5001"]
