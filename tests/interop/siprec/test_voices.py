"""Whose voice is on which line where the metadata does not say: by the profile, else by order, which is told (siprec.md, 5.6)."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from telegraphone.domain.legs import CopyDescribed, PartyJoined
from telegraphone.wire.sdp import PCMA
from tests.interop.siprec.laboratory import again, laboratory, message, with_metadata
from tests.interop.siprec.recording_client import AGENT, CALLER, OTHER_AGENT, Party, metadata, tone
from tests.interop.siprec.test_flows import OTHER_NAME, recorded_call_of
from tests.interop.siprec.test_media import line
from tests.interop.siprec.test_plain_calls import finished, near, recorder, tracks, voice

PARTIES = b"""<recording><session session_id='s'/>
<participant participant_id='a'><nameID aor='sip:15550100@example.com'/></participant>
<participant participant_id='b'><nameID aor='sip:5001@example.com'/></participant>%s</recording>"""
NOTHING_SAID = PARTIES % b""
ONE_SAID = PARTIES % b"<stream stream_id='x'><label>97</label></stream><participantstreamassoc participant_id='a'><send>x</send>"
ONE_SAID = ONE_SAID.replace(b"</send>", b"</send></participantstreamassoc>")
UNREADABLE = b"<recording>"
GUESSED, IN_ORDER, CROSSED = {"voices": "by order"}, [4000, 4002], [4002, 4000]


@pytest.mark.parametrize(
    ("document", "voices", "ports", "told"),
    [
        (NOTHING_SAID, {}, IN_ORDER, GUESSED),
        (NOTHING_SAID, {"96": "called", "97": "caller"}, CROSSED, {}),
        (NOTHING_SAID, {"1": "called", "2": "caller"}, CROSSED, {}),
        (NOTHING_SAID, {"97": "caller", "2": "called"}, CROSSED, GUESSED),
        (UNREADABLE, {"96": "called", "97": "caller"}, CROSSED, {}),
        (UNREADABLE, {}, IN_ORDER, GUESSED),
        # What the client says of a call counts more than what was said of the client.
        (ONE_SAID, {"96": "caller", "97": "called"}, CROSSED, GUESSED),
    ],
)
async def test_lines_of_which_the_metadata_says_nothing(
    document: bytes, voices: Mapping[str, str], ports: list[int], told: Mapping[str, str]
) -> None:
    async with laboratory(voices=voices) as lab:
        assert (await lab.say(with_metadata(document))).status == 200
        assert [source.port for source in await lab.sources()] == ports
        facts = lab.of(CopyDescribed)[0].facts
        assert {name: value for name, value in facts.items() if name == "voices"} == told


def people(numbers: str) -> bytes:
    """A complete snapshot that says who takes part and nothing else."""
    parties = (f"<participant id='{each}'><nameID aor='sip:{each}@example.com'/></participant>" for each in numbers.split())
    return f"<recording><session session_id='s'/>{''.join(parties)}</recording>".encode()


@pytest.mark.parametrize(
    ("snapshots", "ports"),
    [
        (["5001 15550100", "15550100 5002"], {"15550100": 4002, "5002": 4000}),
        (["5001 15550100", "15550100", "15550100 5002"], {"15550100": 4002, "5002": 4000}),
        (["5001 15550100", "5001 15550100 5002", "15550100 5002"], {"15550100": 4002, "5002": 4000}),
        (["15550100 5001", "5002 15550100"], {"15550100": 4000, "5002": 4002}),
        (["15550100 5001", "15550100 5002", "15550100 5003"], {"15550100": 4000, "5003": 4002}),
        # Who is back is where they were.
        (["5001 15550100", "15550100", "15550100 5001"], {"15550100": 4002, "5001": 4000}),
    ],
)
async def test_a_party_stays_on_its_line_whoever_comes_and_goes(snapshots: list[str], ports: dict[str, int]) -> None:
    """The trunk says whose voice each line brings, and a transfer changes that for nobody who stays."""
    async with laboratory(voices={"1": "caller", "2": "called"}) as lab:
        await lab.say(with_metadata(people(snapshots[0])))
        for cseq, numbers in enumerate(snapshots[1:], 2):
            assert (await lab.say(again(with_metadata(people(numbers)), cseq, lab))).status == 200
        joined = [event.party for event in lab.of(PartyJoined)]
        there = {party.number: party.leg for party in (*lab.call.parties, *joined) if party.leg in lab.ports.legs}
        sources = {number: await lab.server.fork(leg, lab.ports.open[lab.ports.legs[leg]]) for number, leg in there.items()}
        assert {number: source.port for number, source in sources.items()} == ports


async def test_where_all_is_said_nothing_is_guessed() -> None:
    for name in ("plain", "q11-mixed", "q12-in-out-and-mix", "q05-nested-ids"):
        async with laboratory() as lab:
            await lab.send(name)
            assert "voices" not in lab.of(CopyDescribed)[0].facts, name


async def test_audio_may_come_from_any_port_where_the_profile_says_so() -> None:
    async with laboratory(any_port=True) as lab:
        await lab.say(message("plain"))
        assert [(source.host, source.port) for source in await lab.sources()] == [("192.0.2.1", 0)] * 2
        assert lab.ports.any_port == set(lab.ports.open)
    async with laboratory() as lab:
        await lab.say(message("plain"))
        assert not lab.ports.any_port


@pytest.mark.parametrize(("said", "heard"), [("any", True), ("signalled", False)])
async def test_a_client_that_sends_from_other_ports_than_it_signals(tmp_path: Path, said: str, *, heard: bool) -> None:
    """Its metadata does not say whose voices these are either, and they are the other way round."""
    trunk = f'source_port = "{said}"\nvoices = ["{CALLER.label}=called", "2=caller"]'
    snapshot = metadata((CALLER, AGENT)).replace(b"participantstreamassoc", b"somethingelse")
    async with recorder(tmp_path, trunk=trunk) as (system, client):
        signalled, speaking = client.new_audio([tone(1), tone(1)]), client.new_audio([tone(CALLER.hertz), tone(AGENT.hertz)])
        lines = [line(each.port, party, PCMA) for each, party in zip(signalled, (CALLER, AGENT), strict=True)]
        fork = await client.fork(lines=lines, audio=speaking, snapshot=snapshot)
        await fork.says(2)
        await fork.hang_up()
        for each in signalled:
            each.close()
        [resource] = await finished(system)
        agent, caller = await tracks(system, resource)
        if heard:
            assert near(voice(agent), CALLER.hertz)
            assert near(voice(caller), AGENT.hertz)
            assert system.log.count('"level": "error"') == 0, system.log
        else:
            assert not agent.any()
            assert not caller.any()


async def test_a_customer_whom_the_caller_transfers_stays_on_their_own_track(tmp_path: Path) -> None:
    """An agent has called out and goes: the customer is the first party of what is left, and is not the caller by that."""
    agent, other = Party(AGENT.aor, AGENT.hertz, "from"), Party(OTHER_AGENT.aor, AGENT.hertz, "from")
    customer = Party(CALLER.aor, CALLER.hertz, "to")
    before, after = (
        metadata(who).replace(b"participantstreamassoc", b"somethingelse") for who in ((agent, customer), (customer, other))
    )
    async with recorder(tmp_path, trunk='voices = ["from=caller", "to=called"]') as (system, client):
        fork = await client.fork((agent, customer), snapshot=before)
        await fork.says(1)
        assert (await fork.change("UPDATE", snapshot=after)).status == 200
        await recorded_call_of(system, OTHER_NAME)
        await fork.says(1)
        await fork.hang_up()
        [resource] = await finished(system, parts=2)
        for media in range(2):
            left, right = await tracks(system, resource, media)
            assert near(voice(left), AGENT.hertz), media
            assert near(voice(right), CALLER.hertz), media
        assert system.log.count('"level": "error"') == 0, system.log
