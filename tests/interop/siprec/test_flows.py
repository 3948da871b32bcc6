"""Calls that are held, transferred, joined by a third party or follow each other in one session, heard in the recordings."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from telegraphone.demo.desktop import Desktop
from telegraphone.wire.sdp import Direction
from telegraphone.wire.siprec.body import METADATA_OLD
from tests.interop.siprec.recording_client import AGENT, CALLER, OTHER_AGENT, Fork, Party, metadata
from tests.interop.siprec.test_plain_calls import around, finished, near, recorder, recordings, silence, tracks, until, voice
from tests.interop.system import AGENT as AGENT_NAME
from tests.interop.system import OTHER_AGENT as OTHER_NAME
from tests.interop.system import PASSWORD, SUPERVISOR, System

SECOND_CALLER = Party("sip:15550111@example.com", 500, "1")
SPOKEN_S = 1.0


async def calls_of(system: System, name: str) -> list[dict[str, Any]]:
    async with Desktop(system.url, name, PASSWORD) as agent:
        found: list[dict[str, Any]] = (await agent.get("/me/calls?fields=*"))["calls"]
    return found


async def nobody(system: System, name: str) -> bool:
    """Whether the agent has no call."""
    return await calls_of(system, name) == []


async def recorded_call_of(system: System, name: str) -> dict[str, Any]:
    """The agent's only call, once it is being recorded."""

    async def found() -> dict[str, Any] | None:
        calls = await calls_of(system, name)
        return calls[0] if [call["recordingState"] for call in calls] == ["Recording"] else None

    call: dict[str, Any] = await until(found)
    return call


async def test_a_held_call_is_one_recording_with_silence_in_it(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (system, client):
        fork = await client.fork()
        await fork.says(1.5)
        response = await fork.change(media=fork.with_direction(Direction.INACTIVE))
        assert response.status == 200
        assert {media.direction for media in fork.answer.media} == {Direction.INACTIVE}
        await asyncio.sleep(2)
        await fork.change(media=fork.with_direction(Direction.SENDONLY), snapshot=metadata([CALLER, AGENT]))
        await fork.says(1.5)
        await fork.hang_up()
        [resource] = await finished(system)
        assert len(resource["mediaFiles"]) == 1
        left, right = await tracks(system, resource)
        for track, party in ((left, AGENT), (right, CALLER)):
            begin_s, end_s = silence(track)
            assert end_s - begin_s > 1
            assert all(near(each, party.hertz) for each in around(track, begin_s, end_s))
        assert system.log.count('"level": "error"') == 0, system.log


async def test_a_transferred_call_is_each_agent_s_own_part_of_one_recording(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (system, client):
        fork = await client.fork()
        call = await recorded_call_of(system, AGENT_NAME)
        await fork.says(1)
        assert await calls_of(system, OTHER_NAME) == []
        response = await fork.change(
            media=fork.with_direction(Direction.SENDONLY), snapshot=metadata([OTHER_AGENT], [AGENT], partial=True)
        )
        assert response.status == 200
        taken = await recorded_call_of(system, OTHER_NAME)
        assert taken["id"] == call["id"]
        await until(lambda: nobody(system, AGENT_NAME))
        await fork.says(1)
        await fork.hang_up()
        [resource] = await finished(system, parts=2)
        assert len(resource["mediaFiles"]) == 2
        for media in range(2):
            left, right = await tracks(system, resource, media)
            # It is one line that both agents speak on, so its pitch is the same in both parts.
            assert near(voice(left), AGENT.hertz)
            assert near(voice(right), CALLER.hertz)
        assert system.log.count('"level": "error"') == 0, system.log


async def test_a_third_party_by_update_of_the_metadata_alone(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (system, client):
        fork = await client.fork()
        response = await fork.change("UPDATE", snapshot=metadata([OTHER_AGENT], partial=True))
        assert (response.status, response.body) == (200, b"")
        for name, others in ((OTHER_NAME, ["15550100", "5001"]), (AGENT_NAME, ["15550100", "5002"])):

            async def with_all(name: str = name, others: Sequence[str] = others) -> bool:
                return [sorted(call["participants"]) for call in await calls_of(system, name)] == [others]

            await until(with_all)
        await fork.says(1)
        await fork.hang_up()
        [resource] = await finished(system)
        left, right = await tracks(system, resource)
        assert near(voice(left), AGENT.hertz)
        assert near(voice(right), CALLER.hertz)
        assert system.log.count('"level": "error"') == 0, system.log


async def test_calls_that_follow_each_other_in_one_session(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (system, client):
        fork = await client.fork()
        first = await recorded_call_of(system, AGENT_NAME)
        await fork.says(1)
        over = metadata([]).replace(b"<group-ref>", b"<stop-time>2026-01-01T00:00:00Z</stop-time><group-ref>")
        assert (await fork.change("UPDATE", snapshot=over)).status == 200
        await until(lambda: recordings(system, callUuid=first["callUuid"]))
        await until(lambda: nobody(system, AGENT_NAME))
        response = await fork.change("UPDATE", snapshot=metadata([SECOND_CALLER, AGENT], cs="cs-2"))
        assert response.status == 200
        second = await recorded_call_of(system, AGENT_NAME)
        assert (second["callUuid"] != first["callUuid"], second["participants"]) == (True, ["15550111"])
        await fork.says(1.5)
        await fork.hang_up()
        [resource] = await until(lambda: recordings(system, callUuid=second["callUuid"]))
        left, right = await tracks(system, resource)
        assert near(voice(left), AGENT.hertz)
        assert near(voice(right), CALLER.hertz)
        assert system.log.count('"level": "error"') == 0, system.log


async def spoken_with(system: System, fork: Fork, caller: str) -> None:
    """Returns when the agent has spoken for a while in a call with this caller that shows as being recorded."""

    async def shown() -> bool:
        calls = await calls_of(system, AGENT_NAME)
        return [(call["participants"], call["recordingState"]) for call in calls] == [([caller], "Recording")]

    await until(shown)
    await fork.says(SPOKEN_S)


def over(number: int) -> bytes:
    """Says of a session that it has stopped."""
    return b"<session session_id='cs-%d'><stop-time>2026-01-01T00:00:00Z</stop-time></session>" % number


@pytest.mark.parametrize("at_once", [False, True], ids=["one after the other", "in one snapshot"])
async def test_a_call_that_begins_as_the_last_of_its_session_ends_is_heard(tmp_path: Path, *, at_once: bool) -> None:
    """The session has one port for each line, and the recording of the call before is still being finished."""
    async with recorder(tmp_path) as (system, client):
        fork = await client.fork()
        await spoken_with(system, fork, "15550100")
        for number in range(2, 6):
            following = Party(f"sip:1555011{number}@example.com", 500, "1")
            said = metadata([following, AGENT], cs=f"cs-{number}", partial=True).replace(b"group-1", b"group-%d" % number)
            if at_once:
                said = said.replace(b"</datamode>", b"</datamode>" + over(number - 1))
            else:
                last = b"<recording><datamode>partial</datamode>" + over(number - 1) + b"</recording>"
                assert (await fork.change("UPDATE", snapshot=last)).status == 200
            assert (await fork.change("UPDATE", snapshot=said)).status == 200
            await spoken_with(system, fork, f"1555011{number}")
        await fork.hang_up()

        async def all_five() -> list[dict[str, Any]]:
            found = await recordings(system)
            return found if len(found) == 5 else []

        found = await until(all_five)
        callers = ["15550115", "15550114", "15550113", "15550112", "15550100"]
        assert [each["callerPhoneNumber"] for each in found] == callers
        for resource in found:
            left, right = await tracks(system, resource)
            assert near(voice(left, 0.8 * SPOKEN_S), AGENT.hertz), resource["callerPhoneNumber"]
            assert near(voice(right, 0.8 * SPOKEN_S), CALLER.hertz)
        assert system.log.count('"level": "error"') == 0, system.log


async def test_q14_a_dummy_that_gets_its_names_later_is_its_agent_s_call_from_then_on(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (system, client):
        nobody = b"<participant participant_id='dummy'><nameID aor=''/></participant>"
        dummy = b"<recording><session session_id='cs-1'/>" + nobody + b"</recording>"
        fork = await client.fork(snapshot=dummy)
        await asyncio.sleep(0.5)
        assert await calls_of(system, AGENT_NAME) == []
        response = await fork.change("UPDATE", snapshot=metadata([CALLER, AGENT]), kind=METADATA_OLD)
        assert (response.status, response.body) == (200, b"")
        call = await recorded_call_of(system, AGENT_NAME)
        assert (call["participants"], call["callType"]) == (["15550100"], "Inbound")
        await fork.says(1.5)
        await fork.hang_up()
        [resource] = await finished(system)
        assert (resource["callerPhoneNumber"], resource["dialedPhoneNumber"]) == ("15550100", "5001")
        # The sides were given out before anybody was known to be the agent.
        caller, agent = await tracks(system, resource)
        assert near(voice(caller), CALLER.hertz)
        assert near(voice(agent), AGENT.hertz)
        async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor:
            kept = (await supervisor.get(f"/recordings/{resource['id']}/snapshots"))["snapshots"]
        assert ["dummy" in each["document"] for each in kept] == [True, False]
        assert system.log.count('"level": "error"') == 0, system.log
