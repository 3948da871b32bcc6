"""What belongs together of what is forked, what holds the same, and what is known of it besides its sound."""

import asyncio
from pathlib import Path
from typing import Any

from telegraphone.demo.desktop import Desktop
from telegraphone.limits import COPIES_PART_S
from tests.interop.siprec.recording_client import AGENT, CALLER, OTHER_AGENT, metadata
from tests.interop.siprec.test_plain_calls import around, call_of, near, pitch, recorder, recordings, tracks, until, voice
from tests.interop.system import AGENT as AGENT_NAME
from tests.interop.system import OTHER_AGENT as OTHER_AGENT_NAME
from tests.interop.system import PASSWORD, SUPERVISOR, System

GROUP = b"group-of-this-conversation"
ORDERS = 'orders = ["X-Action: hold-it=pause", "X-Action: go-on=resume"]'


async def below(system: System, resource: dict[str, Any], what: str) -> Any:
    """A resource below a recording."""
    async with Desktop(system.url, SUPERVISOR, PASSWORD) as supervisor:
        return (await supervisor.get(f"/recordings/{resource['id']}/{what}"))[what]


async def all_finished(system: System, count: int) -> list[dict[str, Any]]:
    async def enough() -> list[dict[str, Any]]:
        found = await recordings(system)
        return found if len(found) == count else []

    found: list[dict[str, Any]] = await until(enough)
    return found


async def test_both_parties_recorded_are_two_recordings_of_one_conversation_and_marked(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []

    def told(event: dict[str, Any]) -> None:
        if event.get("notificationType") == "StatusChange":
            seen.append((event["call"]["id"], event["call"]["state"]))

    async with recorder(tmp_path) as (system, client), Desktop(system.url, AGENT_NAME, PASSWORD, told) as agent:
        forks = [await client.fork() for _ in range(2)]
        # Whoever talks once sees one call, and a pause of it is one of both copies: else the card number is in the other.
        call = await call_of(agent, "Recording")
        await asyncio.gather(*(fork.says(2) for fork in forks))
        for operation, state in (("Pause", "Paused"), ("Resume", "Recording")):
            await agent.post(f"/me/calls/{call['id']}", f"{operation}CallRecording")
            assert [each["recordingState"] for each in (await agent.get("/me/calls?fields=*"))["calls"]] == [state]
            await asyncio.gather(*(fork.says(1 if state == "Paused" else 1.5) for fork in forks))
        for fork in forks:
            await fork.hang_up()
        found = await all_finished(system, 2)

        async def over() -> bool:
            return len(seen) > 1

        await until(over)
        await asyncio.sleep(COPIES_PART_S)
        assert seen == [(call["id"], "Established"), (call["id"], "Released")]
        for resource in found:
            left, _ = await tracks(system, resource)
            [paused] = (each for each in resource["eventHistory"] if each["type"] == "Paused")
            begin_s, length_s = int(paused["offset"]) / 1_000, int(paused["duration"]) / 1_000
            assert length_s > 0.9
            assert all(near(each, AGENT.hertz) for each in around(left, begin_s, begin_s + length_s))
        first, second = (await below(system, found[0], "conversation"))["recordings"]
        assert {first["id"], second["id"]} == {each["id"] for each in found}
        assert (second["duplicateOf"], "duplicateOf" in first, first["client"]) == (first["id"], False, "sbc")
        assert first["otherCopiesPossible"] is True
        assert system.log.count('"level": "error"') == 0, system.log


async def test_a_transfer_by_a_new_session_continues_the_conversation(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (system, client):
        fork = await client.fork(snapshot=metadata((CALLER, AGENT)).replace(b"group-1", GROUP))
        await fork.says(1)
        async with Desktop(system.url, AGENT_NAME, PASSWORD) as agent:
            call = await call_of(agent, "Recording")
            await agent.post(f"/me/calls/{call['id']}", "PauseCallRecording")
        await fork.hang_up()
        later = metadata((CALLER, OTHER_AGENT), cs="cs-2").replace(b"group-1", GROUP)
        fork = await client.fork((CALLER, OTHER_AGENT), snapshot=later)
        # Who takes over takes over the pause: the card number may still be being said.
        async with Desktop(system.url, OTHER_AGENT_NAME, PASSWORD) as agent:
            call = await call_of(agent, "Paused")
            await fork.says(0.5)
            await agent.post(f"/me/calls/{call['id']}", "ResumeCallRecording")
        await fork.says(1)
        await fork.hang_up()
        stranger = await client.fork(snapshot=metadata((CALLER, AGENT), cs="cs-3").replace(b"group-1", b"group-of-another-call"))
        await asyncio.sleep(0.5)
        await stranger.hang_up()
        found = await all_finished(system, 3)
        assert [each["type"] for each in found[1]["eventHistory"] if each["type"] == "Paused"] == ["Paused"]
        left, right = await tracks(system, found[1])
        assert pitch(left, 0.0, 0.4) == pitch(right, 0.0, 0.4) == 0
        assert near(voice(left), OTHER_AGENT.hertz)
        told = await below(system, found[1], "conversation")
        assert [each["id"] for each in told["recordings"]] == [found[2]["id"], found[1]["id"]]
        assert told["id"] == found[2]["id"]
        assert not any("duplicateOf" in each for each in told["recordings"])
        assert len((await below(system, found[0], "conversation"))["recordings"]) == 1


async def test_parties_come_and_go_and_everything_said_of_them_is_kept(tmp_path: Path) -> None:
    async with recorder(tmp_path) as (system, client):
        fork = await client.fork(headers=(("Require", "siprec"), ("Supported", "record-aware")))
        await asyncio.sleep(0.6)
        await fork.change("UPDATE", snapshot=metadata([OTHER_AGENT], [AGENT], partial=True))
        await fork.change("UPDATE", snapshot=b"<!DOCTYPE recording><recording/>")

        async def asked() -> list[str]:
            return [request.method for request in fork.asked]

        assert await until(asked) == ["UPDATE"]
        await fork.hang_up()
        [resource] = await all_finished(system, 1)
        [only] = (await below(system, resource, "conversation"))["recordings"]
        spans = {each["phoneNumber"]: (each["joinedTime"], each["leftTime"]) for each in only["parties"]}
        assert spans.keys() == {"15550100", "5001", "5002"}
        assert spans["5001"][1] == spans["5002"][0] < spans["5002"][1] == spans["15550100"][1] == only["stopTime"]
        assert only["facts"]["record-aware"] == "yes"
        assert "document type" in only["facts"]["metadata_error"]
        kept = await below(system, resource, "snapshots")
        assert [each["number"] for each in kept] == [1, 2, 3]
        assert "<datamode>partial</datamode>" in kept[1]["document"]
        assert "document type" in kept[2]["error"]


async def test_a_header_of_the_client_pauses_where_the_trunk_lets_it(tmp_path: Path) -> None:
    for trunk, state in ((ORDERS, "Paused"), ("", "Recording")):
        folder = tmp_path / state
        folder.mkdir()
        async with recorder(folder, trunk=trunk) as (system, client):
            fork = await client.fork()
            await asyncio.sleep(0.3)
            await fork.change("INFO", headers=(("X-Action", "Hold-It"),))

            await asyncio.sleep(0.3)
            async with Desktop(system.url, AGENT_NAME, PASSWORD) as agent:
                await call_of(agent, state)
                await fork.change("INFO", headers=(("X-Action", "go-on"),))
                await call_of(agent, "Recording")
            await fork.hang_up()
