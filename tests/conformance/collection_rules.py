"""Links, collections, fields and pages, the same for every resource (sections 2, 3.1, 3.2)."""

from typing import Final

from telegraphone.web.settings import Compatibility
from tests.conformance import desk
from tests.conformance.agent_rules import start
from tests.conformance.desk import API, Desk
from tests.conformance.rule import Rule, rule
from tests.conformance.stage import CUSTOMER, DN, ONE, Json, Stage

COLLECTIONS: Final = {"/me/calls": 1, "/me/devices": 1, "/me/channels": 1, "/contacts": 4, "/services": 2, "/groups": 0}


def collection(path: str, size: int) -> Rule:
    """Links without `fields`, objects with, and pages of either."""
    name = path.rpartition("/")[2]

    async def play(stage: Stage) -> None:
        await start(stage)
        await desk.talking(stage)
        here = Desk(stage)
        links = (await here.get(path)).body
        assert set(links) == {"statusCode", "uris"}
        assert len(links["uris"]) == size
        assert all(each.startswith(f"{stage.url}{API}/") for each in links["uris"])
        whole = (await here.get(f"{path}?fields=*")).body
        assert set(whole) == {"statusCode", name}
        assert len(whole[name]) == size
        await _some_fields(here, path, whole[name])
        await _pages(here, path, links["uris"], whole[name])

    return Rule("3.2", f"the collection {path}", play)


async def _some_fields(here: Desk, path: str, whole: list[Json]) -> None:
    name = path.rpartition("/")[2]
    wanted = sorted(whole[0])[:2] if whole else ["id"]
    some = (await here.get(f"{path}?fields={wanted[0]},{wanted[-1]},nonsense")).body[name]
    assert [set(each) for each in some] == [set(wanted) for _ in whole]
    assert (await here.get(f"{path}?fields=nonsense")).body[name] == [{} for _ in whole]


async def _pages(here: Desk, path: str, links: list[str], whole: list[Json]) -> None:
    name = path.rpartition("/")[2]
    for limit, offset in ((1, 0), (1, 1), (0, 0), (100, 1), (999, 0), (1, 50)):
        query = f"limit={limit}&offset={offset}"
        assert (await here.get(f"{path}?{query}")).body["uris"] == links[offset:][:limit]
        found = (await here.get(f"{path}?fields=*&{query}")).body[name]
        assert [each.get("id") for each in found] == [each.get("id") for each in whole[offset:][:limit]]
    ignored = "sortBy=x&order=Descending&filterName=y&filterParameters=z&_=1376082682000"
    assert (await here.get(f"{path}?{ignored}")).body["uris"] == links
    for wrong in ("limit=x", "offset=-1", "limit=1.5", "offset=99999999999"):
        assert (await here.get(f"{path}?{wrong}")).pair == (400, 2), wrong


EACH = tuple(collection(path, size) for path, size in COLLECTIONS.items())


@rule("3.1", "a trailing slash makes no difference")
async def trailing_slash(stage: Stage) -> None:
    await desk.talking(stage)
    here = Desk(stage)
    call = await here.call()
    for path in ("/me", "/me/calls", "/me/devices", "/settings/agent-states"):
        assert (await here.get(path + "/")).body == (await here.get(path)).body
    for path in (f"/me/calls/{call['id']}/?fields=*", f"/me/calls/{call['id']}/"):
        assert (await here.get(path)).body["call"] | {"duration": ""} == call | {"duration": ""}
    [listed] = (await here.get("/me/calls/?fields=*")).body["calls"]
    assert listed | {"duration": ""} == call | {"duration": ""}


@rule("3.1", "every link is absolute, begins with the external URL, and its path is the same without what all have")
async def links(stage: Stage) -> None:
    await start(stage)
    await desk.talking(stage)
    user = (await Desk(stage).get("/me?subresources=*")).body["user"]

    def check(resource: object) -> None:
        if isinstance(resource, dict):
            for name, value in resource.items():
                if name == "uri" or name.endswith("Uri"):
                    assert value.startswith(f"{stage.url}{API}/"), (name, value)
                check(value)
            if "path" in resource:
                assert resource["uri"].removeprefix(f"{stage.url}{API}").removeprefix("/me") == resource["path"]
        elif isinstance(resource, list):
            for each in resource:
                check(each)

    check(user)


@rule("3.1", "links of calls can be followed, and lead to the same call by either form of its id")
async def both_ids(stage: Stage) -> None:
    await desk.talking(stage)
    call = await Desk(stage).call()
    conn_id = call["connId"] if stage.mode is Compatibility.V8_5_2 else call["id"]
    assert call["id"] == (call["callUuid"] if stage.mode is Compatibility.V8_5_2 else conn_id)
    for each in (call["callUuid"], conn_id, conn_id.upper()):
        assert (await Desk(stage).view(each))["id"] == call["id"]
    answer = await stage.ask(ONE, "GET", call["uri"].removeprefix(stage.url))
    assert answer.body["call"]["id"] == call["id"]


@rule("2", "the generation changes shapes only: the same story is answered by the same codes")
async def same_codes(stage: Stage) -> None:
    await start(stage)
    here = Desk(stage)
    await stage.handset(CUSTOMER).call(DN[ONE])
    early = [(await here.operate(operation)).pair for operation in ("StartCallRecording", "Nonsense", "Hold")]
    assert early == [(400, 2)] * 3
    await stage.handset(DN[ONE]).answer()
    call = await here.call()
    told = {
        "StartCallRecording": (200, 0),
        "PauseCallRecording": (200, 0),
        "StopCallRecording": (200, 0),
        "ResumeCallRecording": (400, 2),
        "Retrieve": (400, 2),
        "Hangup": (200, 0),
        "Complete": (200, 0),
        "Hold": (400, 2),
    }
    assert {operation: (await here.operate(operation, call)).pair for operation in told} == told
