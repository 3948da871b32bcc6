"""The CometD JavaScript client of today, of 2016 and of 2014 against the notification server, as desktops will use it."""

import asyncio
from typing import Any

import pytest

from tests.interop.cometd.network import Doubles, bad_network
from tests.interop.cometd.stage import CALLS, desktop, replies, serving
from tests.interop.system import free_port

LIBRARIES = ["cometd", "cometd-3", "cometd-jquery"]
TRANSPORTS = ["long-polling", "websocket"]

every_client = pytest.mark.parametrize(
    "client",
    [
        pytest.param(
            {"library": library, "transport": transport, "ack": ack}, id=f"{library}-{transport}-{'ack' if ack else 'plain'}"
        )
        for library in LIBRARIES
        for transport in TRANSPORTS
        for ack in (True, False)
    ],
)
acknowledging_clients = pytest.mark.parametrize(
    "client",
    [
        pytest.param({"library": library, "transport": transport, "ack": True}, id=f"{library}-{transport}")
        for library in LIBRARIES
        for transport in TRANSPORTS
    ],
)


@every_client
async def test_a_working_day(client: dict[str, Any]) -> None:
    """Handshake, subscriptions with wildcards, a hundred events in order, a refused publish, and goodbye."""
    port = free_port()
    subscriptions = [CALLS, "/v2/me/*", "/**", "/v2/me/devices"]
    async with serving(port) as notifications, desktop(port, subscriptions=subscriptions, **client) as tab:
        tab.do("handshake")
        await tab.met("subscribe", times=4, successful=True)
        for number in range(100):
            notifications.publish("kate", CALLS, b"%d" % number)
            notifications.publish("carl", CALLS, b'"not for kate"')
            if number % 7 == 0:
                await asyncio.sleep(0.005)
        notifications.publish("kate", "/v2/me/devices", b'"done"')
        await tab.until(lambda _: all("done" in tab.heard(name) for name in subscriptions[1:]))
        assert tab.heard(CALLS) == list(range(100))
        assert tab.heard("/v2/me/*") == [*range(100), "done"]
        assert tab.heard("/**") == [*range(100), "done"]
        tab.do("publish", name="/v2/me/calls", data={})
        await tab.met("publish", successful=False, error="403:denied_by_security_policy:publish denied")
        tab.do("disconnect")
        await tab.met("disconnect", successful=True)
        assert len(replies(tab.facts, "handshake")) == 1


@every_client
async def test_the_server_is_restarted(client: dict[str, Any]) -> None:
    """The client is sent away, comes back to the new server, subscribes again and hears what happens then."""
    port = free_port()
    async with desktop(port, **client) as tab:
        async with serving(port) as notifications:
            tab.do("handshake")
            await tab.met("subscribe", successful=True)
            await tab.met("connect", successful=True)
            notifications.publish("kate", CALLS, b'"before"')
            await tab.until(lambda _: tab.heard() == ["before"])
        async with serving(port) as notifications:
            await tab.met("subscribe", times=2, successful=True)
            assert len(replies(tab.facts, "handshake", successful=True)) == 2
            notifications.publish("kate", CALLS, b'"after"')
            await tab.until(lambda _: tab.heard() == ["before", "after"])


@acknowledging_clients
async def test_a_network_that_breaks(client: dict[str, Any]) -> None:
    """Connections are cut in the middle of a stream of events; with acknowledgements each comes once and in order."""
    server_port = free_port()
    async with serving(server_port) as notifications, bad_network(server_port) as (network, port), desktop(port, **client) as tab:
        tab.do("handshake")
        await tab.met("subscribe", successful=True)
        await tab.met("connect", successful=True)
        for number in range(150):
            notifications.publish("kate", CALLS, b"%d" % number)
            await asyncio.sleep(0.01)
            if number % 25 == 24:
                network.cut()
        await tab.until(lambda _: len(tab.heard()) >= 150)
        assert tab.heard() == list(range(150))
        assert network.cuts >= 6
        assert len(replies(tab.facts, "handshake")) == 1


@acknowledging_clients
async def test_a_network_that_is_slow_and_says_everything_twice(client: dict[str, Any]) -> None:
    """What a proxy does that tries again: the server gets each request, or all a socket says, a second time."""
    server_port = free_port()
    # A connect that comes by another socket silently takes the place of the last one until it has been held long enough.
    doubles: Doubles = "before" if client["transport"] == "websocket" else "after"
    async with (
        serving(server_port) as notifications,
        bad_network(server_port, delay_s=0.02, doubles=doubles) as (network, port),
        desktop(port, **client) as tab,
    ):
        tab.do("handshake")
        await tab.met("subscribe", successful=True)
        for number in range(60):
            notifications.publish("kate", CALLS, b"%d" % number)
            await asyncio.sleep(0.02)
        await tab.until(lambda _: len(tab.heard()) >= 60)
        assert tab.heard() == list(range(60))
        assert network.doubled >= 3


@every_client
async def test_a_network_that_stands_still_for_a_while(client: dict[str, Any]) -> None:
    server_port = free_port()
    async with serving(server_port) as notifications, bad_network(server_port) as (network, port), desktop(port, **client) as tab:
        tab.do("handshake")
        await tab.met("subscribe", successful=True)
        await tab.met("connect", successful=True)
        for number in range(40):
            if number % 20 == 5:
                network.stall()
            if number % 20 == 15:
                await asyncio.sleep(0.5)
                network.go_on()
            notifications.publish("kate", CALLS, b"%d" % number)
            await asyncio.sleep(0.01)
        await tab.until(lambda _: len(tab.heard()) >= 40)
        assert tab.heard() == list(range(40))
        assert len(replies(tab.facts, "handshake")) == 1


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("library", LIBRARIES)
async def test_a_sign_in_that_ends_is_followed_by_a_new_handshake(library: str, transport: str) -> None:
    port = free_port()
    async with serving(port) as notifications, desktop(port, library=library, transport=transport) as tab:
        tab.do("handshake")
        await tab.met("subscribe", successful=True)
        await tab.met("connect", successful=True)
        await asyncio.sleep(0.2)
        notifications.end_sign_in("kate", "kate-1")
        await tab.met("handshake", times=2, successful=True)
        await tab.met("subscribe", times=2, successful=True)
        notifications.publish("kate", CALLS, b"1")
        await tab.until(lambda _: tab.heard() == [1])


@pytest.mark.parametrize("library", LIBRARIES)
async def test_the_other_url_and_the_other_name_of_the_topic(library: str) -> None:
    port = free_port()
    options = {"url": f"http://127.0.0.1:{port}/genesys/cometd", "subscriptions": ["/notifications/me/calls"]}
    async with serving(port) as notifications, desktop(port, library=library, transport="long-polling", **options) as tab:
        tab.do("handshake")
        await tab.met("subscribe", successful=True)
        notifications.publish("kate", CALLS, b"1")
        await tab.until(lambda _: tab.heard("/notifications/me/calls") == [1])


async def test_all_desktops_of_one_agent_hear_the_same() -> None:
    port = free_port()
    async with (
        serving(port) as notifications,
        desktop(port, library="cometd", transport="websocket") as modern,
        desktop(port, library="cometd-3", transport="long-polling", ack=True) as old,
    ):
        for tab in (modern, old):
            tab.do("handshake")
            await tab.met("subscribe", successful=True)
        for number in range(30):
            notifications.publish("kate", CALLS, b"%d" % number)
        for tab in (modern, old):
            await tab.until(lambda _, tab=tab: len(tab.heard()) >= 30)  # type: ignore[misc] # mypy cannot infer a default
            assert tab.heard() == list(range(30))
