"""Calls without a whole recording, over HTTP: for who watches over them, as far as they reach (properties REC-1)."""

from dataclasses import replace

from telegraphone.domain.ids import CallUuid
from telegraphone.limits import RECONCILING_AFTER_S
from tests.scenario.recorded import NO_ROLE, recorded_call
from tests.scenario.world import AGENTS, World, contact_centre

URL = "/api/v2/reconciliation"
MISSING = CallUuid("0" * 32)


async def _looked(world: World) -> None:
    await world.reconciliation.look()
    await world.clock.advance(RECONCILING_AFTER_S + 1)
    await world.reconciliation.look()


async def test_a_call_of_which_nothing_is_kept_is_seen_until_it_comes_right() -> None:
    async with contact_centre() as world, world.client("supervisor.one") as http:
        world.reconciliation.demand("default", MISSING)
        world.reconciliation.demand("elsewhere", CallUuid("1" * 32))
        assert (await http.get(URL)).json() == {"statusCode": 0, "waiting": 1, "troubles": []}
        await _looked(world)
        [trouble] = (await http.get(URL)).json()["troubles"]
        assert trouble == {
            "callUuid": MISSING,
            "problem": "missing",
            "text": "no recording of it is listed",
            "dateTime": trouble["dateTime"],
        }
        uuid = await recorded_call(world)
        [part] = await world.catalogue.parts_of_call("default", CallUuid(uuid))
        await world.catalogue.put(replace(part, call_uuid=MISSING))
        await _looked(world)
        assert (await http.get(URL)).json() == {"statusCode": 0, "waiting": 0, "troubles": []}


async def test_who_answers_for_a_team_sees_what_is_theirs() -> None:
    agents = tuple(
        replace(each, supervised=frozenset({"care"})) if each.user_name == "supervisor.one"
        else replace(each, team="care") if each.user_name == "agent.one" else each
        for each in AGENTS
    )  # fmt: skip
    async with contact_centre(agents=agents) as world, world.client("supervisor.one") as http:
        uuid = CallUuid(await recorded_call(world))
        world.archive.lost.add((await world.catalogue.parts_of_call("default", uuid))[0].recording_id)
        for each in (uuid, MISSING):
            world.reconciliation.demand("default", each)
        await _looked(world)
        troubles = (await http.get(URL)).json()["troubles"]
        assert [(each["callUuid"], each["problem"]) for each in troubles] == [(uuid, "lost")]
        async with world.client("admin.one") as admin:
            assert len((await admin.get(URL)).json()["troubles"]) == 2


async def test_agents_do_not_watch_over_calls() -> None:
    async with contact_centre() as world, world.client("agent.one") as http:
        response = await http.get(URL)
        assert (response.status_code, response.json()) == NO_ROLE
        assert world.lines[-1].deed.action == "watch over"
