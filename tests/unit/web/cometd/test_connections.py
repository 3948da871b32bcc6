"""The short ways of the web server's connections: what they answer is what the application would, and the rest they leave."""

import asyncio
import json
from typing import Any

import pytest

from telegraphone.limits import (
    BAYEUX_BODY_BYTES_MAX,
    BAYEUX_QUEUE_MAX,
    COMETD_BEHIND_BYTES_MAX,
    COMETD_HEAD_BYTES_MAX,
    COMETD_HEADS_KNOWN_MAX,
)
from tests.unit.web.cometd.visits import CALLS, connect, site
from tests.unit.web.cometd.wires import Server, Wire, request, until

HANDSHAKE = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}
IDLE_S = 60.0
AT_ONCE: dict[str, Any] = {"advice": {"timeout": 0}}


async def started(wire: Wire, **fields: str) -> str:
    """Handshake, subscription and first connect over the wire, which thereby is known."""
    wire.post(HANDSHAKE, **fields)
    client_id: str = (await wire.answer())[2][0]["clientId"]
    wire.post({"channel": "/meta/subscribe", "clientId": client_id, "subscription": CALLS}, **fields)
    await wire.answer()
    wire.post(connect(client_id), **fields)
    await wire.answer()
    await until(lambda: not wire.server.state.tasks)
    return client_id


async def test_the_first_request_goes_the_whole_way_and_the_next_like_it_the_short_one() -> None:
    async with site() as here:
        wire = Server(here).connect()
        wire.post(HANDSHAKE)
        assert len(wire.server.state.tasks) == 1
        status, _, [reply] = await wire.answer()
        await until(lambda: not wire.server.state.tasks)
        with wire.no_task():
            wire.post(HANDSHAKE)
            again = wire.take()
        assert again is not None
        assert (status, again[0], again[2][0]["successful"]) == (200, 200, True)
        assert again[2][0]["clientId"] != reply["clientId"]


async def test_both_ways_answer_with_the_same_fields() -> None:
    async with site() as here:
        wire = Server(here).connect()
        wire.post(HANDSHAKE, origin="https://desk.example.com")
        _, whole, _ = await wire.answer()
        wire.post(HANDSHAKE, origin="https://desk.example.com")
        _, short, _ = await wire.answer()
        added = {"vary", "x-from"}  # by the application around the endpoint, which is not here
        assert {name for name in short if name not in added} == set(whole)
        assert short["x-from"] == "https://desk.example.com"
        assert (short["content-type"], short["set-cookie"]) == (whole["content-type"], whole["set-cookie"])


async def test_an_event_is_written_to_a_held_request_without_a_task() -> None:
    async with site() as here:
        wire = Server(here).connect()
        client_id = await started(wire)
        with wire.no_task():
            wire.post(connect(client_id))
            await asyncio.sleep(0)
            assert wire.take() is None
            here.notifications.publish("kate", CALLS, b"1")
            here.notifications.publish("kate", CALLS, b"2")
            assert wire.take() is None, "who publishes does not wait for sockets"
            await asyncio.sleep(0)
            answer = wire.take()
        assert answer is not None
        assert [message.get("data") for message in answer[2]] == [1, 2, None]


async def test_a_hold_ends_in_time() -> None:
    async with site() as here:
        wire = Server(here).connect()
        client_id = await started(wire)
        wire.post(connect(client_id, advice={"timeout": 20}))
        assert (await wire.answer())[2][0]["successful"]


@pytest.mark.parametrize("fields", [{"user": "carl"}, {"origin": "https://desk.example.com"}, {"x_csrf_token": "1"}])
async def test_other_fields_are_looked_at_anew(fields: dict[str, str]) -> None:
    async with site() as here:
        wire = Server(here).connect()
        await started(wire)
        wire.post(HANDSHAKE, **fields)
        assert len(wire.server.state.tasks) == 1
        assert (await wire.answer())[0] == 200


async def test_a_stolen_id_on_a_known_connection() -> None:
    async with site() as here:
        server = Server(here)
        client_id = await started(server.connect())
        thief = server.connect()
        await started(thief, user="mallory")
        thief.post(connect(client_id), user="mallory")
        assert (await thief.answer())[2][0]["error"] == "402::Unknown client"


async def test_a_sign_in_that_is_over_is_refused() -> None:
    async with site() as here:
        wire = Server(here).connect()
        client_id = await started(wire)
        here.doorman.gone.add("kate-1")
        wire.post(connect(client_id, **AT_ONCE))
        assert (await wire.answer())[0] == 403


async def test_log_out_answers_who_waits() -> None:
    async with site() as here:
        wire = Server(here).connect()
        wire.post(connect(await started(wire)))
        here.notifications.end_sign_in("kate", "kate-1")
        assert (await wire.answer())[2][0]["advice"]["reconnect"] == "handshake"


async def test_a_client_that_goes_away_while_it_waits_loses_nothing() -> None:
    async with site() as here:
        server = Server(here)
        wire = server.connect()
        client_id = await started(wire)
        wire.post(connect(client_id))
        here.notifications.publish("kate", CALLS, b"1")
        wire.lose()
        await asyncio.sleep(0)
        other = server.connect()
        other.post(connect(client_id))
        assert (await other.answer())[2][0] == {"channel": CALLS, "data": 1}


async def test_a_newer_connect_ends_the_older_with_500_and_no_body() -> None:
    async with site() as here:
        server = Server(here)
        older, newer = server.connect(), server.connect()
        client_id = await started(older)
        await started(newer)
        older.post(connect(client_id))
        newer.post(connect(client_id))
        status, _, body = await older.answer()
        assert (status, body) == (500, None)
        here.notifications.publish("kate", CALLS, b"1")
        assert (await newer.answer())[2][0]["data"] == 1
        older.post(HANDSHAKE)
        assert (await older.answer())[0] == 200, "the connection goes on"


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"nonsense", 400), (b"", 400), (b"[]", 500), (b'[{"channel":"calls"}]', 500), (b" " * (BAYEUX_BODY_BYTES_MAX + 1), 413)],
)
async def test_what_is_no_bayeux_is_refused_as_ever(body: bytes, status: int) -> None:
    async with site() as here:
        wire = Server(here).connect()
        await started(wire)
        wire.feed(request(body))
        assert (await wire.answer())[0] == status
        wire.post(HANDSHAKE)
        assert (await wire.answer())[0] == 200


async def test_requests_in_one_packet_are_answered_in_order() -> None:
    async with site() as here:
        wire = Server(here).connect()
        client_id = await started(wire)
        messages = [
            {"channel": "/meta/subscribe", "clientId": client_id, "subscription": f"/{n}", "id": str(n)} for n in range(5)
        ]
        wire.feed(b"".join(request(json.dumps([message]).encode()) for message in messages))
        assert [(await wire.answer())[2][0]["id"] for _ in range(5)] == ["0", "1", "2", "3", "4"]


async def test_requests_behind_a_held_connect_wait_their_turn() -> None:
    async with site() as here:
        wire = Server(here).connect()
        client_id = await started(wire)
        wire.post(connect(client_id))
        wire.post({"channel": "/meta/subscribe", "clientId": client_id, "subscription": "/a", "id": "9"})
        for _ in range(5):
            await asyncio.sleep(0)
        assert wire.take() is None
        here.notifications.publish("kate", CALLS, b"1")
        assert (await wire.answer())[2][0]["data"] == 1
        assert (await wire.answer())[2][0]["id"] == "9"


async def test_a_body_in_pieces() -> None:
    async with site() as here:
        wire = Server(here).connect()
        await started(wire)
        data = request(json.dumps([HANDSHAKE]).encode())
        for at in range(0, len(data), 7):
            wire.feed(data[at : at + 7])
            await asyncio.sleep(0)
        assert (await wire.answer())[2][0]["successful"]


@pytest.mark.parametrize(("version", "fields"), [("1.1", {"connection": "close"}), ("1.0", {})])
async def test_a_connection_that_is_not_to_be_kept(version: str, fields: dict[str, str]) -> None:
    async with site() as here:
        wire = Server(here).connect()
        await started(wire, connection="keep-alive")
        wire.feed(request(json.dumps([HANDSHAKE]).encode(), version=version, **fields))
        status, answered, _ = await wire.answer()
        assert (status, answered["connection"], wire.pipe.closed) == (200, "close", True)


async def test_a_short_answer_says_that_the_connection_ends() -> None:
    """The server is going down: the held request is the last one of its connection."""
    async with site() as here:
        wire = Server(here).connect()
        wire.post(connect(await started(wire)))
        wire.protocol.shutdown()
        assert not wire.pipe.closed
        here.notifications.close()
        _, fields, [reply] = await wire.answer()
        assert reply["advice"] == {"reconnect": "handshake", "interval": 0}
        assert (fields["connection"], wire.pipe.closed) == ("close", True)


async def test_a_client_that_does_not_read_is_answered_by_one_who_waits_for_it() -> None:
    async with site() as here:
        wire = Server(here).connect()
        await started(wire)
        wire.protocol.pause_writing()
        wire.post(HANDSHAKE)
        assert len(wire.server.state.tasks) == 1
        for _ in range(5):
            await asyncio.sleep(0)
        assert wire.take() is None
        wire.protocol.resume_writing()
        assert (await wire.answer())[0] == 200


async def test_other_methods_and_100_continue_on_a_known_connection() -> None:
    async with site() as here:
        wire = Server(here).connect()
        await started(wire)
        wire.feed(request(b"", method="GET"))
        assert (await wire.answer())[0] == 405
        for _ in range(2):
            wire.feed(request(json.dumps([HANDSHAKE]).encode(), expect="100-continue"))
            assert (await wire.answer())[0] == 200


async def test_known_heads_are_bounded() -> None:
    async with site() as here:
        wire = Server(here).connect()
        for number in range(3 * COMETD_HEADS_KNOWN_MAX):
            wire.post(HANDSHAKE, x_page=str(number))
            await wire.answer()
            await until(lambda: not wire.server.state.tasks)
        assert len(wire.protocol._known._admissions) == COMETD_HEADS_KNOWN_MAX
        with wire.no_task():
            wire.post(HANDSHAKE, x_page=str(number))
        assert (await wire.answer())[0] == 200


async def test_a_refused_request_is_not_learnt() -> None:
    async with site() as here:
        wire = Server(here).connect()
        here.doorman.gone.add("kate-1")
        for _ in range(2):
            wire.post(HANDSHAKE)
            assert (await wire.answer())[0] == 403
        assert not wire.protocol._known._admissions


@pytest.mark.parametrize("fields", [{"expect": "100-continue"}, {"connection": "close"}, {"x_long": "x" * COMETD_HEAD_BYTES_MAX}])
async def test_some_heads_are_never_learnt(fields: dict[str, str]) -> None:
    async with site() as here:
        wire = Server(here).connect()
        wire.post(HANDSHAKE, **fields)
        assert (await wire.answer())[0] == 200
        assert not wire.protocol._known._admissions


async def test_who_sends_on_and_on_behind_a_held_connect_is_cut_off() -> None:
    async with site() as here:
        wire = Server(here).connect()
        client_id = await started(wire)
        wire.post(connect(client_id))
        for _ in range(3):
            assert not wire.pipe.aborted
            wire.feed(b" " * (COMETD_BEHIND_BYTES_MAX // 2))
        assert wire.pipe.aborted
        wire.lose()


async def test_a_connection_is_idle_only_between_its_answers() -> None:
    """The web server's own timer runs from its own last answer; a request that came the short way counts too."""
    async with site() as here:
        wire = Server(here).connect()
        client_id = await started(wire)
        wire.protocol.timeout_keep_alive = IDLE_S
        wire.post(connect(client_id))
        wire.protocol._used_at -= IDLE_S
        wire.protocol.timeout_keep_alive_handler()
        assert not wire.pipe.closed, "a request is held"
        here.notifications.publish("kate", CALLS, b"1")
        await wire.answer()
        wire.protocol.timeout_keep_alive_handler()
        assert not wire.pipe.closed, "it was answered just now"
        wire.protocol.timeout_keep_alive = 0.05
        wire.protocol.timeout_keep_alive_handler()
        await until(lambda: wire.pipe.closed)


async def test_a_full_queue_sends_the_client_back_to_its_handshake() -> None:
    async with site() as here:
        wire = Server(here).connect()
        client_id = await started(wire)
        for _ in range(BAYEUX_QUEUE_MAX + 1):
            here.notifications.publish("kate", CALLS, b"1")
        wire.post(connect(client_id))
        [reply] = (await wire.answer())[2]
        assert (reply["error"], reply["advice"]["reconnect"]) == ("402::Unknown client", "handshake")
