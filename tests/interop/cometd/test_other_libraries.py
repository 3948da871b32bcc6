"""Bayeux clients that are not CometD's own: faye (node) and aiocometd (Python). Neither knows acknowledgements, so a cut may
cost them events; what they must never see is one twice or out of order."""

import asyncio
from typing import Any

import pytest

from tests.interop.cometd.network import bad_network
from tests.interop.cometd.stage import CALLS, desktop, serving
from tests.interop.system import free_port

DENIED = "publish denied"

every_client = pytest.mark.parametrize(
    "client",
    [
        pytest.param({"library": library, "transport": transport}, id=f"{library}-{transport}")
        for library, transport in [("faye", "long-polling"), ("aiocometd", "long-polling"), ("aiocometd", "websocket")]
    ],
)


@every_client
@pytest.mark.parametrize("subscription", [CALLS, "/v2/me/*", "/**"])
async def test_a_working_day(client: dict[str, Any], subscription: str) -> None:
    port = free_port()
    async with serving(port) as notifications, desktop(port, subscriptions=[subscription], **client) as desk:
        desk.do("handshake")
        await desk.met("subscribe", successful=True)
        for number in range(100):
            notifications.publish("kate", CALLS, b"%d" % number)
            notifications.publish("carl", CALLS, b'"not for kate"')
            if number % 7 == 0:
                await asyncio.sleep(0.005)
        await desk.until(lambda _: len(desk.heard(subscription)) >= 100)
        assert desk.heard(subscription) == list(range(100))
        desk.do("publish", name=CALLS, data={})
        await desk.met("publish", successful=False)
        assert [fact["error"].rpartition(":")[2] for fact in desk.facts if fact.get("meta") == "publish"][-1] == DENIED
        desk.do("disconnect")
        await desk.met("disconnect", successful=True)


@every_client
async def test_the_server_is_restarted(client: dict[str, Any]) -> None:
    port = free_port()
    async with desktop(port, **client) as desk:
        async with serving(port) as notifications:
            desk.do("handshake")
            await desk.met("subscribe", successful=True)
            notifications.publish("kate", CALLS, b'"before"')
            await desk.until(lambda _: desk.heard() == ["before"])
        async with serving(port) as notifications:
            await desk.met("subscribe", times=2, successful=True)
            notifications.publish("kate", CALLS, b'"after"')
            await desk.until(lambda _: desk.heard() == ["before", "after"])


@every_client
async def test_a_network_that_breaks(client: dict[str, Any]) -> None:
    server_port = free_port()
    async with (
        serving(server_port) as notifications,
        bad_network(server_port) as (network, port),
        desktop(port, **client) as desk,
    ):
        desk.do("handshake")
        await desk.met("subscribe", successful=True)
        for number in range(100):
            notifications.publish("kate", CALLS, b"%d" % number)
            await asyncio.sleep(0.01)
            if number == 50:
                # What is on its way then is lost to these clients.
                await desk.until(lambda _: len(desk.heard()) >= 50)
                network.cut()
        # It is back when it hears what happens now; what happens meanwhile it hears too, or never.
        last = 100
        while not desk.heard() or desk.heard()[-1] < 100:
            notifications.publish("kate", CALLS, b"%d" % last)
            last += 1
            await asyncio.sleep(0.1)
            assert last < 400, desk.facts[-10:]
        heard = desk.heard()
        assert heard == sorted(set(heard))
        assert heard[:50] == list(range(50))
