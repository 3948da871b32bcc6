"""What a package says of a recording beside its audio."""

import json

from telegraphone.services.audit import Deed
from tests.scenario.recorded import recorded_call
from tests.scenario.world import contact_centre


async def test_each_ended_part_comes_with_what_is_known_of_the_whole() -> None:
    async with contact_centre() as world:
        uuid = await recorded_call(world)
        [part] = await world.catalogue.parts_of_call("default", uuid)  # type: ignore[arg-type]  # an id as a client has it
        for subject in (uuid, part.recording_id, "another"):
            await world.audit.write(Deed("officer", "play", subject, "begun"))
        [order] = await world.orders.of("default", (part,))
        assert order.recording_id == part.recording_id
        assert json.loads(order.metadata)["labels"] == []
        assert [line["subject"] for line in json.loads(order.trail)] == [part.recording_id, uuid]
        assert await world.orders.of("default", ()) == []
