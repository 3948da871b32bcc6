"""Recorded calls for tests of what is done with recordings."""

from telegraphone.domain.ids import DEFAULT_TENANT
from tests.scenario.clock import settle
from tests.scenario.world import World

RECORDINGS = "/api/v2/recordings"
CONTENT = bytes(range(256)) * 20
NO_ROLE = (403, {"statusCode": 5, "statusMessage": "Insufficient user roles."})
NO_PERMISSION = (403, {"statusCode": 3, "statusMessage": "Insufficient recording permissions."})


async def operate(world: World, *operations: tuple[str, float]) -> None:
    """Recording operations of agent.one, each followed by some seconds."""
    async with world.client("agent.one") as agent:
        [uri] = (await agent.get("/api/v2/me/calls")).json()["uris"]
        for operation, seconds in operations:
            response = await agent.post(uri, json={"operationName": f"{operation}CallRecording"})
            assert response.json() == {"statusCode": 0}
            await world.clock.advance(seconds)


async def recorded_call(world: World, caller: str = "5000") -> str:
    """A call of which 40 s were recorded, 10 to 30 s paused; its `callUuid`."""
    await world.answered_call(caller, "5001")
    uuid = world.calls.of(world.agent("agent.one"))[0].call_uuid
    await operate(world, ("Start", 10), ("Pause", 20), ("Resume", 10), ("Stop", 1))
    world.switch.phone(caller).hang_up()
    await settle()
    return uuid


async def play_path(world: World, uuid: str) -> str:
    parts = await world.catalogue.parts_of_call(DEFAULT_TENANT, uuid)  # type: ignore[arg-type]  # an id as a client has it
    world.player.files[parts[0].recording_id] = CONTENT
    return f"{RECORDINGS}/{uuid}/play/{parts[0].recording_id}.wav"
