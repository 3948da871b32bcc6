"""The WebSocket face: upgrades, pushes in order, and the ends a socket may come to."""

import asyncio
import json
from typing import Any

import pytest

from telegraphone.limits import BAYEUX_BODY_BYTES_MAX, BAYEUX_SOCKETS_PER_USER_MAX
from telegraphone.web.cometd import websocket
from tests.unit.web.cometd.visits import CALLS, Visit, connect, site


async def tell(visit: Visit, *messages: dict[str, Any]) -> None:
    visit.put(type="websocket.receive", text=json.dumps(messages))


async def heard(visit: Visit) -> Any:
    message = await visit.next()
    assert message["type"] == "websocket.send", message
    return json.loads(message["text"])


async def started(visit: Visit) -> str:
    await tell(visit, {"channel": "/meta/handshake", "version": "1.0"})
    client_id = (await heard(visit))[0]["clientId"]
    await tell(visit, {"channel": "/meta/subscribe", "clientId": client_id, "subscription": CALLS})
    await heard(visit)
    await tell(visit, connect(client_id))
    assert (await heard(visit))[0]["successful"]
    assert isinstance(client_id, str)
    return client_id


async def test_events_are_pushed_in_order_while_the_connect_waits() -> None:
    async with site() as here:
        visit = await here.socket()
        await tell(visit, connect(await started(visit)))
        for number in range(20):
            here.notifications.publish("kate", CALLS, b"%d" % number)
            await asyncio.sleep(0)
        assert [(await heard(visit))[0]["data"] for _ in range(20)] == list(range(20))
        visit.put(type="websocket.disconnect", code=1001)
        await visit.end()


async def test_binary_frames_are_frames_too() -> None:
    async with site() as here:
        visit = await here.socket()
        visit.put(type="websocket.receive", bytes=b'[{"channel":"/meta/handshake"}]')
        assert (await heard(visit))[0]["successful"]
        visit.put(type="websocket.disconnect", code=1001)
        await visit.end()


async def test_the_session_outlives_its_socket() -> None:
    async with site() as here:
        visit = await here.socket()
        client_id = await started(visit)
        visit.put(type="websocket.disconnect", code=1006)
        await visit.end()
        here.notifications.publish("kate", CALLS, b"1")
        other = await here.socket()
        await tell(other, connect(client_id))
        assert (await heard(other)) == [{"channel": CALLS, "data": 1}]
        other.put(type="websocket.disconnect", code=1001)
        await other.end()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", 1011),
        ("[]", 1011),
        ("", 1011),
        ('[{"channel":"/meta/handshake"},{"channel":"/a"}]', 1011),
        (" " * (BAYEUX_BODY_BYTES_MAX + 1), 1009),
    ],
)
async def test_what_is_no_bayeux_closes_the_socket(text: str, code: int) -> None:
    async with site() as here:
        visit = await here.socket()
        visit.put(type="websocket.receive", text=text)
        assert (await visit.next())["code"] == code
        await visit.end()


async def test_log_out_closes_the_socket() -> None:
    async with site() as here:
        visit, idle = await here.socket(), await here.socket()
        await tell(visit, connect(await started(visit)))
        here.notifications.end_sign_in("kate", "kate-1")
        assert (await heard(visit))[0]["advice"]["reconnect"] == "handshake"
        assert (await visit.next())["code"] == 1008
        assert (await idle.next())["code"] == 1008
        await asyncio.gather(visit.end(), idle.end())


async def test_strangers_are_refused_before_the_upgrade() -> None:
    async with site() as here:
        visit = here.visit("websocket", "/genesys/cometd", headers={})
        visit.put(type="websocket.connect")
        await visit.end()
        assert (visit.sent[0]["type"], visit.sent[0]["status"]) == ("websocket.http.response.start", 403)


async def test_no_sockets_where_they_are_off() -> None:
    async with site(websocket=False) as here:
        visit = here.visit("websocket", "/api/v2/notifications")
        visit.put(type="websocket.connect")
        await visit.end()
        assert visit.sent[0]["status"] == 404
        [reply] = await here.say({"channel": "/meta/handshake"})
        assert reply["supportedConnectionTypes"] == ["long-polling"]


async def test_too_many_sockets_of_one_user() -> None:
    async with site() as here:
        visits = [await here.socket() for _ in range(BAYEUX_SOCKETS_PER_USER_MAX)]
        one_more = await here.socket()
        assert (await one_more.next())["code"] == 1013
        for visit in visits:
            visit.put(type="websocket.disconnect", code=1001)
        await asyncio.gather(*(visit.end() for visit in [*visits, one_more]))


async def test_a_client_that_does_not_read_is_cut_off_and_others_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "COMETD_SEND_S", 0.05)
    async with site() as here:
        slow, good = await here.socket(), await here.socket()
        await started(slow)
        await started(good)
        slow.slow.clear()
        here.notifications.publish("kate", CALLS, b"1")
        assert (await heard(good))[0]["data"] == 1
        await slow.end()
        good.put(type="websocket.disconnect", code=1001)
        await good.end()


async def test_a_socket_that_the_web_server_closes_meanwhile() -> None:
    async with site() as here:
        visit = await here.socket()
        await started(visit)
        visit.closing = True
        here.notifications.publish("kate", CALLS, b"1")
        visit.put(type="websocket.disconnect", code=1006)
        await visit.end()
